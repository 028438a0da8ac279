import type { Clock, Timer } from '../../../base/index.ts';
import { WireError } from '../../errors.ts';

/** A buffer for one long request. */
export interface RequestLease {
  readonly buffer: Buffer;
  /** Idempotent. Nobody reads the buffer any more: it is the next request's. */
  release(): void;
  /** As `release`, but somebody may still read it: no other request gets it. */
  abandon(): void;
}

/**
 * Where requests lie while they come in. After a restart of the controller a thousand proxies name all that they hold, megabytes each:
 * buffers that are made for one of them are as old as the heap by the time it has come, and wait as garbage for a mark of all of it.
 * So they are used again, and there are only so many at a time.
 */
export interface RequestMemory {
  /** Of long requests, over all callers. */
  readonly leasedBytes: number;
  /** Requests that wait for room. */
  readonly waiting: number;
  /** Counts bytes that a caller sends until what it returns is called. Throws WireError ERR_WIRE_EXHAUSTED. */
  charge(caller: string, bytes: number): () => void;
  /**
   * Gives a lease, at once or when there is room, in the order in which it was asked for. Returns the cancel, which does nothing once
   * there is a lease.
   */
  lease(bytes: number, give: (lease: RequestLease) => void): () => void;
  /** Lets go of buffers that wait to be used again. */
  destroy(): void;
}

/** How many bytes of requests there may be at a time. */
export interface RequestMemoryOptions {
  /** Bytes of all long requests at a time. One that is longer comes alone. */
  readonly maxBytes: number;
  /** Bytes that one caller may be sending at a time. */
  readonly maxBytesPerCaller: number;
  readonly clock: Pick<Clock, 'after'>;
}

/** Holds nothing yet; free buffers are kept for a while, and then let go. */
export function createRequestMemory(options: RequestMemoryOptions): RequestMemory {
  const { maxBytes, maxBytesPerCaller, clock } = options;
  const charged = new Map<string, number>();
  const waiting = new Set<{ readonly bytes: number; give(lease: RequestLease): void }>();
  let free: Buffer[] = [];
  let leasedBytes = 0;
  let idle: Timer | undefined;

  const take = (bytes: number): Buffer => {
    // One that is much too long is better kept for a long request.
    const index = free.findIndex(({ length }) => length >= bytes && length <= WASTE_FACTOR * bytes);
    const [found] = index < 0 ? [] : free.splice(index, 1);
    return found ?? Buffer.allocUnsafeSlow(Math.ceil(bytes / MEBIBYTE) * MEBIBYTE);
  };
  const keep = (buffer: Buffer): void => {
    if (free.reduce((sum, { length }) => sum + length, buffer.length) > KEPT_BYTES) return;
    free.push(buffer);
    idle?.cancel();
    idle = clock.after(KEPT_FOR_MS, () => {
      free = [];
    });
  };
  const grant = (bytes: number): RequestLease => {
    const buffer = take(bytes);
    leasedBytes += bytes;
    let over = false;
    const end = (): boolean => {
      if (over) return false;
      over = true;
      leasedBytes -= bytes;
      return true;
    };
    return {
      buffer,
      release() {
        if (!end()) return;
        keep(buffer);
        serveWaiting();
      },
      abandon() {
        if (end()) serveWaiting();
      },
    };
  };
  const hasRoom = (bytes: number): boolean => leasedBytes === 0 || leasedBytes + bytes <= maxBytes;
  const serveWaiting = (): void => {
    for (const waiter of waiting) {
      if (!hasRoom(waiter.bytes)) return;
      waiting.delete(waiter);
      waiter.give(grant(waiter.bytes));
    }
  };

  return {
    get leasedBytes() {
      return leasedBytes;
    },
    get waiting() {
      return waiting.size;
    },
    charge(caller, bytes) {
      const sum = (charged.get(caller) ?? 0) + bytes;
      if (sum > maxBytesPerCaller) throw tooMuchAtOnce(maxBytesPerCaller);
      charged.set(caller, sum);
      let over = false;
      return () => {
        if (over) return;
        over = true;
        const left = (charged.get(caller) ?? 0) - bytes;
        if (left > 0) charged.set(caller, left);
        else charged.delete(caller);
      };
    },
    lease(bytes, give) {
      if (waiting.size === 0 && hasRoom(bytes)) {
        give(grant(bytes));
        return () => undefined;
      }
      const waiter = { bytes, give };
      waiting.add(waiter);
      return () => {
        if (waiting.delete(waiter)) serveWaiting();
      };
    },
    destroy() {
      idle?.cancel();
      free = [];
    },
  };
}

function tooMuchAtOnce(limit: number): WireError {
  return new WireError({
    code: 'ERR_WIRE_EXHAUSTED',
    blame: 'downstream',
    message: `a caller may be sending requests of ${limit} bytes in all at a time, and this one sends more`,
    retryable: true,
  });
}

const MEBIBYTE = 1024 * 1024;
const WASTE_FACTOR = 4;
/** Enough for the requests of a storm that are read at the same time in a mesh of 50,000 pods. */
const KEPT_BYTES = 64 * MEBIBYTE;
const KEPT_FOR_MS = 10_000;
