import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { patternedBytes } from '../../../mesh/programs/pattern.ts';
import { attachWebSockets } from './websocket-server.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, url: URL) => void;

/** Requests that are being answered. */
let active = 0;
/** The most that there were at once. */
let peak = 0;
/** Server-sent events: who waits for which. */
const eventStreams = new Map<string, { readonly response: ServerResponse; next: number }>();

/** What is asked for, by path. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  /** What of the request arrived. */
  '/echo'(request, response) {
    digest(request, ({ bytes, sha256 }) => {
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          method: request.method,
          url: request.url,
          version: request.httpVersion,
          headers: request.rawHeaders,
          trailers: request.rawTrailers,
          bytes,
          sha256,
          peer: request.socket.remoteAddress,
        }),
      );
    });
  },
  /** `?bytes=`: patterned bytes, with a length (`&length=1`) or in chunks. */
  '/download'(request, response, { searchParams }) {
    request.resume();
    const bytes = Number(searchParams.get('bytes') ?? 0);
    if (searchParams.get('length') === '1') response.setHeader('content-length', bytes);
    patternedBytes(bytes)
      .on('error', () => response.destroy())
      .pipe(response);
  },
  /** Trailers behind a body of chunks. */
  '/trailers'(request, response) {
    request.resume();
    response.writeHead(200, { trailer: 'x-checksum, x-second' });
    response.write('body');
    response.addTrailers({ 'x-checksum': 'abc', 'x-second': '2' });
    response.end();
  },
  /** Interim answers before the final one. */
  '/early-hints'(request, response) {
    request.resume();
    response.writeEarlyHints({ link: '</style.css>; rel=preload' }, () => response.end('done'));
  },
  '/status'(request, response, { searchParams }) {
    request.resume();
    response.statusCode = Number(searchParams.get('code') ?? 200);
    response.end(hasNoBody(response.statusCode) ? undefined : 'text');
  },
  '/cookies'(request, response) {
    request.resume();
    response.setHeader('set-cookie', ['a=1; Path=/', 'b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT']);
    response.end('cookies');
  },
  /** Resets in the middle of a body of known or unknown length. */
  '/cut'(request, response, { searchParams }) {
    request.resume();
    if (searchParams.get('length') === '1') response.setHeader('content-length', 1000);
    response.write('x'.repeat(100), () => setTimeout(() => response.socket?.resetAndDestroy(), 50));
  },
  /** Resets before it says anything. */
  '/reset': (request) => void request.socket.resetAndDestroy(),
  '/delay'(request, response, { searchParams }) {
    request.resume();
    setTimeout(() => response.end('late'), Number(searchParams.get('ms') ?? 0));
  },
  /** Each event is sent when `/events/next` asks for it, so that a buffered one is never seen. */
  '/events'(request, response, { searchParams }) {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.flushHeaders();
    const id = searchParams.get('id') ?? '';
    eventStreams.set(id, { response, next: 0 });
    response.on('close', () => eventStreams.delete(id));
  },
  '/events/next'(request, response, { searchParams }) {
    request.resume();
    const stream = eventStreams.get(searchParams.get('id') ?? '');
    if (stream === undefined) response.statusCode = 404;
    else stream.response.write(`id: ${stream.next}\ndata: event ${stream.next++}\n\n`);
    response.end();
  },
  '/events/end'(request, response, { searchParams }) {
    request.resume();
    eventStreams.get(searchParams.get('id') ?? '')?.response.end();
    response.end(JSON.stringify({ open: eventStreams.size }));
  },
  '/load'(request, response) {
    request.resume();
    response.end(JSON.stringify({ active, peak }));
  },
};

/** HTTP/1.1 with WebSockets. */
export function startHttpServer(port: number): void {
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 }, answer);
  // Without a handler Node answers 100 itself.
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    if (request.headers['x-refuse'] !== undefined) {
      response.writeHead(417, { connection: 'close' }).end('not this');
      return;
    }
    response.writeContinue();
    answer(request, response);
  });
  // A client that has said all may still wait for its answer.
  Object.assign(server, { httpAllowHalfOpen: true });
  attachWebSockets(server);
  server.listen({ port, host: '::', backlog: 16_384 });
}

/** The same with HTTP/2 prior knowledge. */
export function startH2cServer(port: number): void {
  // The compatibility API gives HTTP/2 requests the same shape; what is used here both have.
  // Node's own limit of 10 MB for a session kills streams of it when some are not read.
  createHttp2Server({ maxSessionMemory: 4_000 }, (request, response) =>
    answer(request as unknown as IncomingMessage, response as unknown as ServerResponse),
  ).listen(port, '::');
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  active += 1;
  peak = Math.max(peak, active);
  response.on('close', () => {
    active -= 1;
  });
  const url = new URL(request.url ?? '/', 'http://server');
  const chosen = ANSWERS[url.pathname];
  if (chosen !== undefined) {
    chosen(request, response, url);
    return;
  }
  request.resume();
  response.statusCode = 404;
  response.end('nothing here');
}

function hasNoBody(status: number): boolean {
  return status === 204 || status === 304;
}

function digest(
  request: IncomingMessage,
  done: (digest: { readonly bytes: number; readonly sha256: string }) => void,
): void {
  const hash = createHash('sha256');
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    hash.update(chunk);
  });
  request.on('end', () => done({ bytes, sha256: hash.digest('hex') }));
}
