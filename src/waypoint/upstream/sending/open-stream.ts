import { finished } from 'node:stream';
import type { ByteStream, Clock, MeshError } from '../../../base/index.ts';
import type { TrafficSettings, Workload, WorkloadUid } from '../../../model/index.ts';
import type { SpanContext } from '../../../telemetry/index.ts';
import type { RequestClient } from '../../request/request-parties.ts';
import { hashText } from '../balancing/hashing/hash-text.ts';
import type { Backend } from '../backend.ts';
import type { DialEndpoint } from '../dial/dial-endpoint.ts';
import type { ServiceEndpoint } from '../endpoints/service-endpoint.ts';
import { connectFailure } from './upstream-failure.ts';

/** A connection that is carried as a whole. */
export interface StreamRequest {
  readonly backend: Backend;
  readonly settings: TrafficSettings;
  readonly client: Pick<RequestClient, 'address' | 'port'>;
  /** The connection's span. */
  readonly trace?: SpanContext | undefined;
  readonly signal: AbortSignal;
}

/** The taker owns the stream; it counts against the backend's limits until it is closed. */
export interface OpenedStream {
  readonly stream: ByteStream;
  readonly workload: Workload;
}

/**
 * A stream to one endpoint; where connecting fails, to another, as often as requests are tried again: no byte was sent yet
 * (design.md, "L4 retries"). Rejects with the first failure, which tells why, or with ERR_WAYPOINT_OVERFLOW or
 * ERR_WAYPOINT_NO_ENDPOINT.
 */
export async function openStream(
  request: StreamRequest,
  deps: { readonly dial: DialEndpoint; readonly clock: Clock },
): Promise<OpenedStream> {
  const { backend, settings, signal } = request;
  const { limits } = settings;
  const leave = await backend.gate.enter({ limits, isRetry: false, signal });
  try {
    await backend.gate.waitForConnection({ limits, signal }, () => backend.gate.takeConnection(limits));
  } catch (error) {
    leave();
    throw error;
  }
  const release = (): void => {
    backend.gate.releaseConnection();
    leave();
  };
  try {
    const { endpoint, stream } = await connectSomewhere(request, deps);
    endpoint.active += 1;
    finished(stream.duplex, () => {
      endpoint.active -= 1;
      release();
    });
    return { stream, workload: endpoint.workload };
  } catch (error) {
    release();
    throw error;
  }
}

interface Connected {
  readonly endpoint: ServiceEndpoint;
  readonly stream: ByteStream;
}

async function connectSomewhere(
  { backend, settings, client, trace, signal }: StreamRequest,
  { dial, clock }: { readonly dial: DialEndpoint; readonly clock: Clock },
): Promise<Connected> {
  const tried = new Set<WorkloadUid>();
  const hash = hashText(client.address);
  let first: MeshError | undefined;
  for (;;) {
    const endpoint = backend.choose({ settings, hash, avoid: tried, stickTo: undefined });
    if (first !== undefined && tried.has(endpoint.uid)) throw first;
    tried.add(endpoint.uid);
    endpoint.requests += 1;
    const { upstream, workload } = endpoint;
    const startedMs = clock.monotonic();
    try {
      const stream = await dial(upstream, {
        client,
        trace,
        timeoutMs: settings.timeouts.connectMs,
        signal,
      });
      backend.report(endpoint, { outcome: CONNECTED, latencyMs: clock.monotonic() - startedMs }, settings);
      return { endpoint, stream };
    } catch (cause) {
      const { error, outcome } = connectFailure(cause, `${workload.namespace}/${workload.name}`);
      if (outcome !== undefined) backend.report(endpoint, { outcome, error, latencyMs: undefined }, settings);
      first ??= error;
      if (!error.retryable || signal.aborted || tried.size > settings.retry.attempts) throw first;
    }
  }
}

/** A connection that was taken is a good answer; what goes on in it is not known. */
const CONNECTED = { kind: 'answered', status: 200, grpcStatus: undefined, retryAfterMs: undefined } as const;
