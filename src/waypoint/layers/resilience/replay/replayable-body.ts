import type { Readable } from 'node:stream';
import type { HttpBody } from '../../../../http/index.ts';
import type { ReplayMemory } from './replay-memory.ts';
import { TryStream } from './try-stream.ts';

/** The body of a request that may have to be sent more than once. */
export interface ReplayableBody {
  /** The whole body, for a try. The one before it gets no more. */
  open(): HttpBody;
  /** False once something was sent that is no longer kept. */
  readonly replayable: boolean;
  /** No more tries: what is kept is let go. */
  settle(): void;
}

/** How much of a body is kept. */
export interface ReplayLimits {
  /** Of this body. */
  readonly maximumBytes: number;
  readonly memory: ReplayMemory;
}

/**
 * Keeps what tries have read, up to a limit, and reads on from the source for the current one; nothing is read that no try
 * asks for. What is longer goes on to the current try alone. The source is never destroyed: a try that gives its body up
 * does not give up the request, and what nobody has read is its owner's to throw away.
 */
export function createReplayableBody(source: HttpBody, limits: ReplayLimits): ReplayableBody {
  const { stream } = source;
  if (stream === undefined) return { open: () => source, replayable: true, settle: () => undefined };
  const replay = new Replay(stream, limits);
  return {
    open: () => ({ stream: replay.open(), length: source.length, trailers: () => source.trailers() }),
    get replayable() {
      return replay.state === 'keeping';
    },
    settle: () => replay.settle(),
  };
}

class Replay {
  readonly #source: Readable;
  readonly #limits: ReplayLimits;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #current: TryStream | undefined;
  #following = false;
  state: 'keeping' | 'overflown' | 'settled' = 'keeping';

  constructor(source: Readable, limits: ReplayLimits) {
    this.#source = source;
    this.#limits = limits;
  }

  open(): TryStream {
    const stream = new TryStream({
      kept: this.#kept,
      more: () => this.#more(stream),
    });
    this.#current = stream;
    return stream;
  }

  settle(): void {
    this.#stopKeeping('settled');
  }

  /** Hands the current try what the source has, until it has enough. */
  #more(stream: TryStream): void {
    if (stream !== this.#current) return;
    this.#follow();
    for (let wants = true; wants; ) {
      const chunk: Buffer | null = this.#source.read();
      if (chunk === null) break;
      this.#keep(chunk);
      wants = stream.deliver(chunk);
    }
    if (this.#source.readableEnded) stream.end();
    else if (this.#source.destroyed) stream.destroy(this.#source.errored ?? undefined);
  }

  /** Only from the first read on, for that is what lets the client send. */
  #follow(): void {
    if (this.#following) return;
    this.#following = true;
    const wake = (): void => this.#current?.wake();
    this.#source.on('readable', wake).on('end', wake);
    this.#source.on('error', (error) => this.#current?.destroy(error));
    this.#source.on('close', () => {
      if (!this.#source.readableEnded) this.#current?.destroy();
    });
  }

  #keep(chunk: Buffer): void {
    if (this.state !== 'keeping') return;
    const { maximumBytes, memory } = this.#limits;
    if (this.#keptBytes + chunk.length > maximumBytes || !memory.take(chunk.length)) {
      this.#stopKeeping('overflown');
      return;
    }
    this.#kept.push(chunk);
    this.#keptBytes += chunk.length;
  }

  #stopKeeping(state: 'overflown' | 'settled'): void {
    this.#limits.memory.give(this.#keptBytes);
    this.#keptBytes = 0;
    this.#kept = [];
    this.state = state;
  }
}
