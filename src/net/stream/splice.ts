import { Socket } from 'node:net';
import { type Blame, type ByteStream, errnoOf, MeshError, releaseYoungBuffers } from '../../base/index.ts';
import { NetError } from '../errors.ts';

/** Whose failures those of each side are, for the records. */
export interface SpliceOptions {
  /** Whose fault a failure of side A is. Default `downstream`: A is the one that called us. */
  readonly blameA?: Blame;
  /** Default `upstream`. */
  readonly blameB?: Blame;
}

/** `side`: which of the two failed first; absent when `reset` was called from outside. */
export type SpliceOutcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly error: MeshError; readonly side: 'a' | 'b' | undefined };

/** Two byte streams that are joined. */
export interface Splice {
  /** Bytes read from A and handed to B. */
  readonly bytesAToB: number;
  readonly bytesBToA: number;
  /** Resolves when both streams are closed. Never rejects. */
  readonly done: Promise<SpliceOutcome>;
  /** Resets both sides: the peers see a cut, not an end. Idempotent. */
  reset(cause: MeshError): void;
}

/**
 * Copies both ways until both halves have ended. An end travels as a half-close and leaves the other direction open; a
 * side that is cut (reset, or closed without having ended) resets the other. No more is read from a side than the
 * other takes. Owns both streams from here on: they are closed when `done` resolves.
 */
export function splice(a: ByteStream, b: ByteStream, options: SpliceOptions = {}): Splice {
  let outcome: SpliceOutcome = { ok: true };
  let settle: (outcome: SpliceOutcome) => void;
  const done = new Promise<SpliceOutcome>((resolve) => {
    settle = resolve;
  });
  let open = 2;

  const fail = (error: MeshError, side: 'a' | 'b' | undefined): void => {
    if (outcome.ok) outcome = { ok: false, error, side };
    a.reset(error);
    b.reset(error);
  };
  const forward = { a: createDirection(a, b), b: createDirection(b, a) };
  const watch = (side: 'a' | 'b', stream: ByteStream, blame: Blame): void => {
    const { duplex } = stream;
    duplex.on('error', (cause) => fail(sideError(cause, side, blame), side));
    let closed = false;
    const onClose = (): void => {
      if (closed) return;
      closed = true;
      // What the other side still had to say can no longer be delivered: for it that is a cut as well.
      if (!stream.endedCleanly || !duplex.writableFinished) fail(cutError(side, blame), side);
      open -= 1;
      if (open === 0) settle(outcome);
    };
    duplex.once('close', onClose);
    // A stream that was closed before it came here may not say so again.
    if (duplex.destroyed) onClose();
  };
  watch('a', a, options.blameA ?? 'downstream');
  watch('b', b, options.blameB ?? 'upstream');
  // Reading starts last, when everything that it can lead to is listened for.
  forward.a.start();
  forward.b.start();

  return {
    get bytesAToB() {
      return forward.a.bytes;
    },
    get bytesBToA() {
      return forward.b.bytes;
    },
    done,
    reset: (cause) => fail(cause, undefined),
  };
}

interface Direction {
  readonly bytes: number;
  start(): void;
}

/** The hot path: one call per chunk, which allocates nothing and passes the chunk on as it is. */
function createDirection(from: ByteStream, to: ByteStream): Direction {
  const source = from.duplex;
  const sink = to.duplex;
  const gathers = sink instanceof Socket;
  let corked = false;
  const uncork = (): void => {
    corked = false;
    sink.uncork();
  };
  const direction = {
    bytes: 0,
    start() {
      sink.on('drain', () => source.resume());
      if (source.readableEnded) sink.end();
      else source.once('end', () => sink.end());
      source.on('data', (chunk: Buffer) => {
        direction.bytes += chunk.length;
        if (chunk.length >= LARGE_CHUNK_BYTES) {
          releaseYoungBuffers(chunk.length);
          if (gathers && !corked) {
            corked = true;
            sink.cork();
            setImmediate(uncork);
          }
        }
        if (!sink.write(chunk)) source.pause();
      });
      // A stream that was paused before it came here does not begin to flow by being listened to.
      source.resume();
    },
  };
  return direction;
}

function sideError(cause: Error, side: 'a' | 'b', blame: Blame): MeshError {
  if (cause instanceof MeshError) return cause;
  const errno = errnoOf(cause);
  const reset = errno === 'ECONNRESET' || errno === 'EPIPE';
  return new NetError({
    code: reset ? 'ERR_NET_STREAM_RESET' : 'ERR_NET_STREAM_CUT',
    blame,
    message: `${DESCRIPTION[side]} ${reset ? 'reset the connection' : `failed: ${cause.message}`}`,
    cause,
  });
}

function cutError(side: 'a' | 'b', blame: Blame): NetError {
  return new NetError({
    code: 'ERR_NET_STREAM_CUT',
    blame,
    message: `${DESCRIPTION[side]} went away before the connection had ended`,
  });
}

const DESCRIPTION = { a: 'the side that called', b: 'the side that was called' } as const;

/**
 * From here on a chunk is part of bulk: TLS gives records of 16 KiB one by one, and what one turn of the event loop
 * brings of them leaves in one system call.
 */
const LARGE_CHUNK_BYTES = 8 * 1024;
