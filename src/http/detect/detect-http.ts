import { type ByteStream, type Clock, systemClock } from '../../base/index.ts';
import { replayedStream } from './replayed-stream.ts';
import { type DetectedProtocol, verdictOn } from './verdict.ts';

/** How long the first bytes may take. */
export interface DetectOptions {
  /** How long to wait for a first byte; with none the server is expected to speak first. Default 200 ms. */
  readonly timeoutMs?: number | undefined;
  /** How long a client may take over the few bytes that decide, once it has begun. Default 10 s. */
  readonly decideTimeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** What was found, and the stream to go on with. */
export interface Detection {
  readonly protocol: DetectedProtocol;
  /** To be used in the place of the one that was given: every byte is still in it. Paused. */
  readonly stream: ByteStream;
}

/**
 * Looks at a connection's first bytes. A client may choose what they look like: `other` and `silent` must not let anybody round
 * a policy about requests. Resolves also when the stream is gone; using it will tell.
 */
export function detectHttp(stream: ByteStream, options: DetectOptions = {}): Promise<Detection> {
  const { duplex } = stream;
  const clock = options.clock ?? systemClock;
  return new Promise((resolve) => {
    let bytes: Buffer = Buffer.alloc(0);
    let timer = clock.after(options.timeoutMs ?? 200, () => settle('silent'));
    const settle = (protocol: DetectedProtocol): void => {
      timer.cancel();
      duplex.off('data', onData);
      duplex.off('end', onEnd);
      duplex.off('close', onEnd);
      duplex.pause();
      if (bytes.length === 0 || duplex.destroyed) resolve({ protocol, stream });
      else if (duplex.readableEnded) resolve({ protocol, stream: replayedStream(stream, bytes) });
      else {
        duplex.unshift(bytes);
        resolve({ protocol, stream });
      }
    };
    const onData = (chunk: Buffer): void => {
      if (bytes.length === 0) {
        timer.cancel();
        timer = clock.after(options.decideTimeoutMs ?? 10_000, () => settle('other'));
      }
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      const verdict = verdictOn(bytes);
      if (verdict !== undefined) settle(verdict);
    };
    const onEnd = (): void => settle(bytes.length === 0 ? 'silent' : 'other');
    duplex.on('error', ignore);
    duplex.on('end', onEnd);
    duplex.on('close', onEnd);
    duplex.on('data', onData);
    if (duplex.destroyed || duplex.readableEnded) onEnd();
    else duplex.resume();
  });
}

function ignore(): void {
  // 'close' follows, and whoever uses the stream finds it closed.
}
