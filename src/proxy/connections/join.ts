import type { ByteStream, MeshError } from '../../base/index.ts';
import type { ConnectionRecord } from './connection-record.ts';

/** A running copy between two streams (net's `splice`). */
export interface Splice {
  readonly bytesAToB: number;
  readonly bytesBToA: number;
  /** Resolves when both directions are over; never rejects. */
  readonly done: Promise<{ readonly ok: true } | { readonly ok: false; readonly error: MeshError }>;
  reset(cause: MeshError): void;
}

/** Net's `splice`, or what stands for it: the copy owns both streams from here on. */
export type SpliceStreams = (client: ByteStream, upstream: ByteStream) => Splice;

/** Carries bytes both ways until both halves are closed, and records the end. A cut, once asked for, is never lost. */
export async function joinStreams(options: {
  readonly client: ByteStream;
  readonly upstream: ByteStream;
  readonly record: ConnectionRecord;
  readonly cutter: Cutter;
  readonly splice: SpliceStreams;
}): Promise<void> {
  const { client, upstream, record, cutter } = options;
  const copy = options.splice(client, upstream);
  record.opened(() => ({ bytesReceived: copy.bytesAToB, bytesSent: copy.bytesBToA }));
  cutter.onCut((cause) => copy.reset(cause));
  // Captured sockets are accepted paused, so that no byte is read before somebody wants it.
  client.duplex.resume();
  const outcome = await copy.done;
  record.ended({
    bytesReceived: copy.bytesAToB,
    bytesSent: copy.bytesBToA,
    error: cutter.cause ?? (outcome.ok ? undefined : outcome.error),
  });
}

/** One connection's emergency stop, which works in every phase of its life. */
export interface Cutter {
  /** Aborted by the first cut, with its cause as reason. */
  readonly signal: AbortSignal;
  readonly cause: MeshError | undefined;
  cut(cause: MeshError): void;
  /** Runs `action` on the first cut, at once if that has been already. */
  onCut(action: (cause: MeshError) => void): void;
  /** Throws the cause if there was a cut. */
  check(): void;
}

/** Not cut yet. The first cause stays; `onCut` after it acts at once. */
export function createCutter(): Cutter {
  const controller = new AbortController();
  let first: MeshError | undefined;
  return {
    signal: controller.signal,
    get cause() {
      return first;
    },
    cut(cause) {
      if (first !== undefined) return;
      first = cause;
      controller.abort(cause);
    },
    onCut(action) {
      if (first !== undefined) action(first);
      else
        controller.signal.addEventListener('abort', () => first !== undefined && action(first), {
          once: true,
        });
    },
    check() {
      if (first !== undefined) throw first;
    },
  };
}
