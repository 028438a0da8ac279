import { Readable } from 'node:stream';
import { bodyOf, type HttpBody } from '../../../http/index.ts';

/** A body that is held whole, or one that is too long for that; then nothing of it is lost. */
export type HeldBody =
  | { readonly kind: 'whole'; readonly bytes: Buffer; readonly body: HttpBody }
  | { readonly kind: 'too-long'; readonly body: HttpBody }
  /** What all filters hold together is as much as it may be. */
  | { readonly kind: 'no-room'; readonly body: HttpBody };

/** Bytes that may be held in memory by all filters of a process. */
export interface BodyBudget {
  /** False: there is no room. */
  take(bytes: number): boolean;
  giveBack(bytes: number): void;
}

/** `take` says no rather than wait: a body that finds no room is not held. */
export function createBodyBudget(maximumBytes: number): BodyBudget {
  let held = 0;
  return {
    take(bytes) {
      if (held + bytes > maximumBytes) return false;
      held += bytes;
      return true;
    },
    giveBack(bytes) {
      held -= bytes;
    },
  };
}

/**
 * Reads a body until its end or its limit. What was taken of the budget is the length of the whole body, and the caller's
 * to give back. Rejects with the body's own error when it is cut.
 */
export async function holdBody(body: HttpBody, maximumBytes: number, budget: BodyBudget): Promise<HeldBody> {
  const { stream, length, trailers } = body;
  if (stream === undefined) return { kind: 'whole', bytes: Buffer.alloc(0), body };
  if (length !== undefined && length > maximumBytes) return { kind: 'too-long', body };
  const read = await readWhile(stream, (bytes) => bytes <= maximumBytes, budget);
  if (read.kind === 'whole') return { ...read, body: heldBody(read.bytes, trailers) };
  budget.giveBack(read.taken);
  stream.unshift(read.bytes);
  return { kind: read.kind, body };
}

/** A body that is here, with what comes behind it: trailers need a stream that ends, also an empty one. */
export function heldBody(bytes: Buffer, trailers: HttpBody['trailers']): HttpBody {
  if (bytes.length > 0 || trailers() === undefined) return { ...bodyOf(bytes), trailers };
  return { stream: Readable.from([]), length: 0, trailers };
}

interface ReadSoFar {
  readonly kind: 'whole' | 'too-long' | 'no-room';
  readonly bytes: Buffer;
  readonly taken: number;
}

/**
 * Reads by pulling: when that stops, the stream is as if nobody had read it, but for what was taken out and is put back.
 */
function readWhile(
  stream: Readable,
  fits: (bytes: number) => boolean,
  budget: BodyBudget,
): Promise<ReadSoFar> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let taken = 0;
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      stream.off('readable', onReadable).off('end', onEnd).off('error', onError).off('close', onClose);
    };
    const stop = (kind: ReadSoFar['kind']): void => {
      leave();
      resolve({ kind, bytes: Buffer.concat(chunks), taken });
    };
    const onReadable = (): void => {
      for (let chunk = pull(stream); chunk !== undefined; chunk = pull(stream)) {
        chunks.push(chunk);
        bytes += chunk.length;
        const room = fits(bytes) ? (budget.take(chunk.length) ? 'room' : 'no-room') : 'too-long';
        if (room !== 'room') {
          stop(room);
          return;
        }
        taken += chunk.length;
      }
    };
    const onEnd = (): void => stop('whole');
    const onError = (error: Error): void => {
      leave();
      budget.giveBack(taken);
      reject(error);
    };
    const onClose = (): void => onError(stream.errored ?? new Error('the body was given up'));
    if (stream.destroyed && !stream.readableEnded) {
      onClose();
      return;
    }
    stream.on('error', onError).on('end', onEnd).on('close', onClose).on('readable', onReadable);
  });
}

function pull(stream: Readable): Buffer | undefined {
  return (stream.read() as Buffer | null) ?? undefined;
}
