import { finished, type Readable } from 'node:stream';
import type { HttpBody } from '../../../http/index.ts';
import { createReplayableBody } from '../../layers/resilience/replay/replayable-body.ts';
import type { ReplayMemory } from '../../layers/resilience/replay/replay-memory.ts';

/** The beginning of a body, and the whole of it as if nobody had read any. */
export interface PeekedBody {
  readonly beginning: Buffer;
  /** Whether that is all. */
  readonly complete: boolean;
  readonly body: HttpBody;
}

/**
 * Waits for so many bytes of a body, or all of it. What was read counts against `memory` until it has been read again or the
 * request is over (`onEnd`); undefined: there was no room. Rejects when the body is cut.
 */
export async function peekBody(
  source: HttpBody,
  maxBytes: number,
  { memory, onEnd }: { readonly memory: ReplayMemory; onEnd(listener: () => void): void },
): Promise<PeekedBody | undefined> {
  if (source.stream === undefined) return { beginning: Buffer.alloc(0), complete: true, body: source };
  // Nothing is read that is not needed, so it is the peeking that bounds what is kept.
  const replay = createReplayableBody(source, { maximumBytes: Number.POSITIVE_INFINITY, memory });
  try {
    const { stream } = replay.open();
    const read = stream === undefined ? Buffer.alloc(0) : await readUpTo(stream, maxBytes + 1);
    if (!replay.replayable) return undefined;
    const body = replay.open();
    // What is read from now on is not kept; what was is, until it has gone on.
    replay.settle();
    const giveBack = holdIn(memory, read.length);
    if (body.stream !== undefined) finished(body.stream, giveBack);
    onEnd(giveBack);
    return { beginning: read.subarray(0, maxBytes), complete: read.length <= maxBytes, body };
  } finally {
    replay.settle();
  }
}

/** Returns what gives it back, once. */
function holdIn(memory: ReplayMemory, bytes: number): () => void {
  let held = memory.take(bytes) ? bytes : 0;
  return () => {
    memory.give(held);
    held = 0;
  };
}

function readUpTo(stream: Readable, bytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const settle = (): void => {
      stream.off('data', take).pause();
      resolve(Buffer.concat(chunks));
    };
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= bytes) settle();
    };
    finished(stream, (error) => {
      if (error) reject(error);
      else settle();
    });
    stream.on('data', take);
  });
}
