import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

/** How a body is sent. */
export type Encoding = 'br' | 'gzip' | undefined;

/** The best that the client takes. */
export function acceptedEncoding(request: IncomingMessage): Encoding {
  const accepted = String(request.headers['accept-encoding'] ?? '')
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => !/;\s*q=0(\.0*)?$/.test(coding))
    .map((coding) => coding.replace(/\s*;.*$/, ''));
  if (accepted.includes('br')) return 'br';
  return accepted.includes('gzip') ? 'gzip' : undefined;
}

/** Off the main thread; quick rather than small, since answers are made for one reader. */
export async function encodeBody(bytes: Uint8Array, encoding: Encoding): Promise<Uint8Array> {
  if (encoding === undefined) return bytes;
  return encoding === 'gzip' ? gzipped(bytes) : brotlied(bytes, { params: QUICK });
}

const gzipped = promisify(gzip);
const brotlied = promisify<Uint8Array, { params: Record<number, number> }, Buffer>(brotliCompress);
const QUICK = { [constants.BROTLI_PARAM_QUALITY]: 4 };
