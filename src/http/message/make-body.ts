import { Readable } from 'node:stream';
import { HttpError } from '../errors.ts';
import { HeaderList } from './header-list.ts';
import { type HttpBody, type HttpResponse, NO_BODY } from './http-message.ts';

/** A body that is here already. */
export function bodyOf(bytes: Buffer): HttpBody {
  if (bytes.length === 0) return NO_BODY;
  const stream = new Readable({ read: () => undefined });
  stream.push(bytes);
  stream.push(null);
  return { stream, length: bytes.length, trailers: () => undefined };
}

/** An answer of our own: plain text in UTF-8, or another type where `headers` name one. */
export function textResponse(status: number, text: string, headers = new HeaderList()): HttpResponse {
  const answer = headers.clone();
  if (!answer.has('content-type')) answer.add('content-type', 'text/plain; charset=utf-8');
  return { status, headers: answer, body: bodyOf(Buffer.from(text)) };
}

/**
 * Reads a body whole. Rejects with ERR_HTTP_BODY_TOO_LARGE beyond `limitBytes`, giving the body up, and with the body's own
 * error when it is cut.
 */
export function readBody(body: HttpBody, limitBytes: number): Promise<Buffer> {
  const { stream, length } = body;
  if (stream === undefined) return Promise.resolve(Buffer.alloc(0));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const refuse = (): void => {
      reject(
        new HttpError({
          code: 'ERR_HTTP_BODY_TOO_LARGE',
          blame: 'downstream',
          message: `expected a body of at most ${limitBytes} bytes, got ${length ?? `${bytes} and more`}`,
          status: 413,
        }),
      );
      stream.destroy();
    };
    if (length !== undefined && length > limitBytes) {
      refuse();
      return;
    }
    stream.on('error', reject);
    stream.on('close', () => reject(cutError()));
    stream.on('end', () => resolve(Buffer.concat(chunks)));
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > limitBytes) refuse();
      else chunks.push(chunk);
    });
  });
}

function cutError(): HttpError {
  return new HttpError({ code: 'ERR_HTTP_CUT', blame: 'local', message: 'the body was given up' });
}
