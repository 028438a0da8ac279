import { finished } from 'node:stream';
import type { HttpResponse } from '../../../http/index.ts';

/** Tells once when the last byte of an answer has been read, or it ended otherwise; `cut` is why then. */
export function onAnswerEnd(response: HttpResponse, listener: (cut: unknown) => void): void {
  if (response.tunnel !== undefined) {
    // A connection that has left HTTP ends when it ends; how, is between its two sides.
    finished(response.tunnel.duplex, () => listener(undefined));
    return;
  }
  const { stream } = response.body;
  if (stream === undefined) {
    listener(undefined);
    return;
  }
  finished(stream, { writable: false }, (error) => listener(error ?? undefined));
}
