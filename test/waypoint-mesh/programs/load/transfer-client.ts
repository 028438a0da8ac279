// One large body: `node transfer-client.ts upload|download HOST PORT BYTES length|chunked|h2`. Prints one JSON line.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:http2';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import { patternDigest, patternedBytes } from '../../../mesh/programs/pattern.ts';

const [direction = '', host = '', port = '', bytesText = '', form = ''] = process.argv.slice(2);
const bytes = Number(bytesText);

/** Sends a request; resolves with the answer's status and body once there is an answer. */
async function send(
  method: string,
  path: string,
  body: Readable | undefined,
): Promise<{ readonly status: number; readonly body: Readable }> {
  if (form === 'h2') {
    const stream = connect(`http://${host}:${port}`).request({ ':method': method, ':path': path });
    const answered = once(stream, 'response') as Promise<[{ ':status': number }]>;
    await put(body, stream);
    return { status: (await answered)[0][':status'], body: stream };
  }
  const headers = form === 'length' && body !== undefined ? { 'content-length': bytes } : {};
  const attempt = request({ host, port, path, method, headers, agent: false });
  const answered = once(attempt, 'response') as Promise<[IncomingMessage]>;
  await put(body, attempt);
  const [response] = await answered;
  return { status: response.statusCode ?? 0, body: response };
}

async function put(body: Readable | undefined, to: Writable): Promise<void> {
  if (body === undefined) to.end();
  else await pipeline(body, to);
}

async function upload(): Promise<object> {
  const { status, body } = await send('PUT', '/echo', patternedBytes(bytes));
  const arrived = JSON.parse(await text(body)) as { readonly bytes: number; readonly sha256: string };
  return { status, bytes: arrived.bytes, equal: arrived.sha256 === patternDigest(bytes) };
}

async function download(): Promise<object> {
  const length = form === 'length' ? '&length=1' : '';
  const { status, body } = await send('GET', `/download?bytes=${bytes}${length}`, undefined);
  const hash = createHash('sha256');
  let received = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    received += chunk.length;
    hash.update(chunk);
  }
  return { status, bytes: received, equal: hash.digest('hex') === patternDigest(bytes) };
}

console.log(JSON.stringify(await (direction === 'upload' ? upload() : download())));
process.exit(0);
