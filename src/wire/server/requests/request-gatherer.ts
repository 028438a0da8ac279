import { type Clock, releaseYoungBuffers, type Timer } from '../../../base/index.ts';
import { WireError } from '../../errors.ts';
import { MESSAGE_HEAD_BYTES } from '../../grpc/message-framing.ts';
import { handOver } from './handed-over.ts';
import type { RequestLease, RequestMemory } from './request-memory.ts';

/** The call whose bytes these are, and the bounds that hold for it. */
export interface RequestGathererOptions {
  readonly memory: RequestMemory;
  readonly maxBytes: number;
  /** Whether nothing of a message is kept by who has read it, so that its memory can be the next one's. */
  readonly reuse: boolean;
  readonly clock: Pick<Clock, 'after'>;
  /** Whose bytes count together. Asked when the first message begins. */
  caller(): string;
  /** No more bytes are to come until `resume`. */
  pause(): void;
  resume(): void;
  /** Ends the call: no more bytes are taken. */
  refuse(error: WireError): void;
}

/**
 * Makes messages of a call's bytes, each behind its five bytes of gRPC, in place of grpc-js's own: that one keeps what has come in
 * pieces, copies all of them in the end, and knows of no other call.
 */
export interface RequestGatherer {
  /** The messages that are complete with these bytes. */
  write(bytes: Buffer): Buffer[];
  /** The call is over. */
  destroy(): void;
}

/** For one call. What it leased is given back with its end. */
export function createRequestGatherer(options: RequestGathererOptions): RequestGatherer {
  return new Gatherer(options);
}

class Gatherer implements RequestGatherer {
  readonly #options: RequestGathererOptions;
  readonly #head = Buffer.alloc(MESSAGE_HEAD_BYTES);
  #ofHead = 0;
  /** The message that is coming in, and how much of it has. */
  #message: Buffer | undefined;
  #ofMessage = 0;
  #lease: RequestLease | undefined;
  #uncharge: (() => void) | undefined;
  #cancelWait: (() => void) | undefined;
  #deadline: Timer | undefined;
  /** What came behind the head of a message that waits for room. */
  #ahead: Buffer | undefined;
  #over = false;
  readonly #handedOver = new Set<() => void>();

  constructor(options: RequestGathererOptions) {
    this.#options = options;
  }

  write(bytes: Buffer): Buffer[] {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead !== undefined) return this.#read(Buffer.concat([ahead, bytes]));
    return this.#read(bytes);
  }

  destroy(): void {
    this.#over = true;
    this.#cancelWait?.();
    this.#deadline?.cancel();
    this.#lease?.release();
    this.#uncharge?.();
    this.#message = undefined;
    this.#ahead = undefined;
    for (const letGo of this.#handedOver) letGo();
    this.#handedOver.clear();
  }

  #read(bytes: Buffer): Buffer[] {
    const complete: Buffer[] = [];
    let at = 0;
    while (at < bytes.length && !this.#over) {
      if (this.#message === undefined) {
        const wanted = MESSAGE_HEAD_BYTES - this.#ofHead;
        const got = bytes.copy(this.#head, this.#ofHead, at, at + wanted);
        at += got;
        this.#ofHead += got;
        if (this.#ofHead < MESSAGE_HEAD_BYTES) break;
        this.#begin();
        if (this.#message === undefined) {
          if (!this.#over) this.#ahead = bytes.subarray(at);
          break;
        }
      }
      const message: Buffer = this.#message;
      const got = bytes.copy(message, this.#ofMessage, at);
      at += got;
      this.#ofMessage += got;
      if (this.#ofMessage === message.length) complete.push(this.#finish(message));
    }
    if (this.#lease !== undefined) releaseYoungBuffers(bytes.length);
    return complete;
  }

  /** The head is there. Leaves no message when the call is refused, or the message has to wait for room. */
  #begin(): void {
    const length = this.#head.readUInt32BE(1);
    const bytes = MESSAGE_HEAD_BYTES + length;
    try {
      this.#check(length);
      this.#uncharge = this.#options.memory.charge(this.#options.caller(), bytes);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#refuse(error);
      return;
    }
    if (bytes <= SHORT_BYTES) this.#start(Buffer.allocUnsafe(bytes));
    else this.#awaitRoom(bytes);
  }

  #check(length: number): void {
    const { maxBytes } = this.#options;
    if (this.#head.readUInt8(0) !== 0) throw compressed();
    if (length > maxBytes) throw tooLong(length, maxBytes);
  }

  #awaitRoom(bytes: number): void {
    const { memory, clock } = this.#options;
    let paused = false;
    const cancel = memory.lease(bytes, (lease) => {
      this.#cancelWait = undefined;
      this.#lease = lease;
      this.#deadline = clock.after(SEND_WITHIN_MS, () => this.#refuse(tooSlow()));
      this.#start(lease.buffer.subarray(0, bytes));
      if (paused) this.#options.resume();
    });
    if (this.#lease !== undefined) return;
    paused = true;
    this.#cancelWait = cancel;
    this.#options.pause();
  }

  #start(message: Buffer): void {
    this.#ofMessage = this.#head.copy(message);
    this.#message = message;
  }

  #finish(message: Buffer): Buffer {
    const lease = this.#lease;
    const uncharge = this.#uncharge;
    this.#deadline?.cancel();
    this.#message = undefined;
    this.#lease = undefined;
    this.#uncharge = undefined;
    this.#ofHead = 0;
    if (lease === undefined) {
      uncharge?.();
      return message;
    }
    const letGo = (): void => {
      this.#handedOver.delete(letGo);
      uncharge?.();
      lease.abandon();
    };
    this.#handedOver.add(letGo);
    handOver(message, () => {
      if (this.#options.reuse) lease.release();
      letGo();
    });
    return message;
  }

  #refuse(error: WireError): void {
    if (this.#over) return;
    this.destroy();
    this.#options.refuse(error);
  }
}

function compressed(): WireError {
  return new WireError({
    code: 'ERR_WIRE_ENCODING',
    blame: 'downstream',
    message: 'expected a message that is not compressed, got one that is',
    hint: 'send it with the encoding identity',
  });
}

function tooLong(length: number, limit: number): WireError {
  return new WireError({
    code: 'ERR_WIRE_TOO_LONG',
    blame: 'downstream',
    message: `a request may have ${limit} bytes, got one of ${length}`,
  });
}

function tooSlow(): WireError {
  return new WireError({
    code: 'ERR_WIRE_SLOW_CLIENT',
    blame: 'downstream',
    message: `a request has to come within ${SEND_WITHIN_MS} ms from its first byte to its last`,
    retryable: true,
  });
}

/** Shorter ones are many, and gone before the next collection. */
const SHORT_BYTES = 1024 * 1024;
/** Of a long request, once there is room for it: others may be waiting for that room. */
const SEND_WITHIN_MS = 30_000;
