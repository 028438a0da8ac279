import { finished } from 'node:stream';
import type { Clock } from '../../base/index.ts';
import type { HttpBody } from '../../http/index.ts';

/** How much may be read for the sake of a connection. */
export interface DiscardOptions {
  readonly clock: Clock;
  /** A longer body is cut, which may cost its connection; one of unknown length is read so far. Default 16 KiB. */
  readonly maximumBytes?: number;
  /** Default 1 s. */
  readonly maximumMs?: number;
}

/**
 * Reads the rest of an answer that nobody wants, so that its connection can go on to be used; gives up, and cuts it, where
 * that would take too much or too long. Never fails.
 */
export function discardBody(body: HttpBody, options: DiscardOptions): void {
  const { clock, maximumBytes = 16_384, maximumMs = 1_000 } = options;
  const { stream, length } = body;
  if (stream === undefined) return;
  if (length !== undefined && length > maximumBytes) {
    // Destroying without a reason raises nothing, but a cut that is under way may.
    finished(stream, () => undefined);
    stream.destroy();
    return;
  }
  const timer = clock.after(maximumMs, () => stream.destroy());
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maximumBytes) stream.destroy();
  });
  finished(stream, () => timer.cancel());
}
