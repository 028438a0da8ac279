import type { Duplex } from 'node:stream';
import { HttpError } from '../../errors.ts';
import { BodyPump } from '../../message/body-pump.ts';
import type { HttpBody } from '../../message/http-message.ts';
import type { HeaderList } from '../../message/header-list.ts';
import { encodeChunk, encodeLastChunk } from '../codec/encode-chunk.ts';

/** One message for one socket. `onDone` is called once; the socket is not ended. */
export interface OutgoingOptions {
  readonly duplex: Duplex;
  readonly head: string;
  readonly body: HttpBody;
  readonly chunked: boolean;
  /** The first bytes wait for `release`. */
  readonly held?: boolean;
  /** Every byte is handed on; or the body was cut, and what was sent of it is no whole message. */
  onDone(error: HttpError | undefined): void;
  /** The peer takes nothing more for now, or takes again. */
  onBlocked(blocked: boolean): void;
}

/** A message on its way out: its head, and its body as that comes and the peer takes it. */
export class OutgoingMessage {
  readonly #options: OutgoingOptions;
  readonly #pump: BodyPump | undefined;
  #started = false;
  #ended = false;
  #over = false;
  #blocked = false;
  #unwritten = 0;
  #sentBytes = 0;

  constructor(options: OutgoingOptions) {
    this.#options = options;
    const { body } = options;
    if (body.stream === undefined) return;
    this.#pump = new BodyPump(body, body.stream, {
      onData: (bytes) => this.#writeData(bytes),
      onEnd: (trailers) => this.#writeEnd(trailers),
      // Who does not read trailers would take it for whole.
      onCutWith: (_trailers, error) => this.#finish(error),
      onCut: (error) => this.#finish(error),
    });
  }

  /** Everything is given to the connection. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Of the body. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  start(): void {
    const { duplex, head, held } = this.#options;
    const pump = this.#pump;
    if (pump === undefined) this.#ended = true;
    if (pump === undefined || held === true) {
      this.#write(head);
      return;
    }
    // What lies ready of the body leaves together with the head.
    duplex.cork();
    this.#write(head);
    this.release();
    process.nextTick(() => duplex.uncork());
  }

  /** Lets the body follow. */
  release(): void {
    if (this.#started || this.#over) return;
    this.#started = true;
    this.#pump?.start();
  }

  /** The connection is gone, or nobody wants the rest. Nothing is told. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#block(false);
    this.#pump?.stop();
  }

  #writeData(bytes: Buffer): boolean {
    this.#sentBytes += bytes.length;
    if (!this.#options.chunked) {
      // The peer knows too that this was all, and may be quicker than the stream's 'end'.
      if (this.#sentBytes === this.#options.body.length) this.#ended = true;
      return this.#write(bytes);
    }
    const pieces = encodeChunk(bytes);
    const [first] = pieces;
    if (pieces.length === 1 && first !== undefined) return this.#write(first);
    const { duplex } = this.#options;
    duplex.cork();
    let more = true;
    for (const piece of pieces) more = this.#write(piece);
    process.nextTick(() => duplex.uncork());
    return more;
  }

  #writeEnd(trailers: HeaderList | undefined): void {
    let last: Buffer | undefined;
    try {
      if (this.#options.chunked) last = encodeLastChunk(trailers);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      this.#finish(error);
      return;
    }
    this.#ended = true;
    if (last !== undefined) this.#write(last);
    else if (this.#unwritten === 0) this.#finish(undefined);
  }

  #write(bytes: Buffer | string): boolean {
    const { duplex } = this.#options;
    this.#unwritten += 1;
    const more =
      typeof bytes === 'string'
        ? duplex.write(bytes, 'latin1', this.#onWritten)
        : duplex.write(bytes, this.#onWritten);
    if (!more && !this.#blocked) {
      this.#block(true);
      duplex.once('drain', () => {
        this.#block(false);
        this.#pump?.resume();
      });
    }
    return more;
  }

  readonly #onWritten = (error?: Error | null): void => {
    this.#unwritten -= 1;
    // A failure is followed by the duplex's end, which says more.
    if (!error && this.#ended && this.#unwritten === 0) this.#finish(undefined);
  };

  #finish(error: HttpError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#block(false);
    this.#options.onDone(error);
  }

  #block(blocked: boolean): void {
    if (this.#blocked === blocked) return;
    this.#blocked = blocked;
    this.#options.onBlocked(blocked);
  }
}
