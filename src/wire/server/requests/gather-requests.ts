import { Metadata, type ServerInterceptingCallInterface } from '@grpc/grpc-js';
import { Readable } from 'node:stream';
import type { Clock } from '../../../base/index.ts';
import { DELTA_RESOURCES } from '../../grpc/methods.ts';
import { statusOf } from '../../grpc/status.ts';
import type { CallShaper } from '../shape-calls.ts';
import { createRequestGatherer } from './request-gatherer.ts';
import type { RequestMemory } from './request-memory.ts';

/** Where requests lie while they come in, and whose they are. */
export interface GatherRequestsOptions {
  readonly memory: RequestMemory;
  /** Longest discovery request. Others are shorter anyway. */
  readonly maxRequestBytes: number;
  readonly clock: Pick<Clock, 'after'>;
  /** Whose bytes count together: who calls with this metadata, or at `address:port`. Throws WireError. */
  callerOf(metadata: Metadata, address: string): string;
}

/**
 * Has requests gathered in memory that all calls share, and in bounds over all calls of a caller: grpc-js bounds each message alone.
 * What is replaced is not part of its public interface; where a version of it has no such fields, it gathers requests itself, within
 * its own bound. A test fails then.
 */
export function gatherRequests(options: GatherRequestsOptions): CallShaper {
  return (path, call) => {
    if (!hasDecoder(call)) return;
    const { stream, metadata } = call;
    const discovery = path === DELTA_RESOURCES.path;
    const gatherer = createRequestGatherer({
      memory: options.memory,
      clock: options.clock,
      maxBytes: discovery ? options.maxRequestBytes : Math.min(options.maxRequestBytes, LONGEST_OTHER_BYTES),
      reuse: discovery,
      caller: () => options.callerOf(metadata, call.getPeer()),
      pause: () => stream.pause(),
      resume: () => stream.resume(),
      refuse: (error) => call.sendStatus({ ...statusOf(error), metadata: null }),
    });
    call.decoder = gatherer;
    stream.once('close', () => gatherer.destroy());
  };
}

interface DecodingCall extends ServerInterceptingCallInterface {
  readonly stream: Readable;
  readonly metadata: Metadata;
  decoder: { write(bytes: Buffer): Buffer[] };
}

function hasDecoder(call: ServerInterceptingCallInterface): call is DecodingCall {
  return (
    'decoder' in call &&
    'stream' in call &&
    call.stream instanceof Readable &&
    'metadata' in call &&
    call.metadata instanceof Metadata
  );
}

/** A report of a proxy has half of this. */
const LONGEST_OTHER_BYTES = 16 * 1024 * 1024;
