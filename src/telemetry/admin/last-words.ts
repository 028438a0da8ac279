import type { Duplex } from 'node:stream';

/**
 * Says `text` and lets go. Sockets of an HTTP server may stay half open, so one that was only ended would be held for as long as
 * its other side likes.
 */
export function sayLast(socket: Duplex, text: string): void {
  if (socket.writable) socket.end(text, () => socket.destroy());
  else socket.destroy();
}

/** For whoever does not speak HTTP. */
export const BAD_REQUEST = 'HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n';
