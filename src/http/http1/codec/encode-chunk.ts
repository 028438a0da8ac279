import { isForbiddenTrailer } from '../../message/field-kinds.ts';
import { HeaderList } from '../../message/header-list.ts';
import { encodeFields } from './encode-head.ts';

/** One chunk of RFC 9112 §7.1: small ones in one piece, large ones without copying. Never empty, which would end the body. */
export function encodeChunk(bytes: Buffer): readonly Buffer[] {
  const size = `${bytes.length.toString(16)}\r\n`;
  if (bytes.length > COPY_LIMIT_BYTES) return [Buffer.from(size, 'latin1'), bytes, CRLF];
  const chunk = Buffer.allocUnsafe(size.length + bytes.length + 2);
  chunk.write(size, 'latin1');
  bytes.copy(chunk, size.length);
  chunk.write('\r\n', chunk.length - 2, 'latin1');
  return [chunk];
}

/** What ends a chunked body, with the fields behind it. */
export function encodeLastChunk(trailers: HeaderList | undefined): Buffer {
  if (trailers === undefined || trailers.size === 0) return LAST_CHUNK;
  const allowed = new HeaderList();
  for (const [name, value] of trailers) if (!isForbiddenTrailer(name.toLowerCase())) allowed.add(name, value);
  return Buffer.from(`0\r\n${encodeFields(allowed)}\r\n`, 'latin1');
}

const COPY_LIMIT_BYTES = 8 * 1024;
const CRLF = Buffer.from('\r\n', 'latin1');
const LAST_CHUNK = Buffer.from('0\r\n\r\n', 'latin1');
