import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createCleartextHttp2Server } from 'node:http2';
import type { Server } from 'node:net';
import { canonicalHeaders } from './header-names.ts';

/** What the Gateway API suite's echo-basic reads from its environment. */
export interface BasicEchoOptions {
  readonly httpPort: number;
  readonly h2cPort: number;
  readonly namespace: string;
  readonly pod: string;
  readonly ingress: string;
  readonly service: string;
  readonly write: (line: string) => void;
}

/** The echo server of the Gateway API conformance suite (conformance/README). Runs until `signal`. */
export async function runBasicEcho(options: BasicEchoOptions, signal: AbortSignal): Promise<void> {
  const attempts = new Map<string, number>();
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    answer(options, attempts, request, response).catch((error: unknown) => {
      options.write(`request failed: ${String(error)}`);
      response.destroy();
    });
  };
  const http = createServer(handle);
  // The compatibility API gives HTTP/2 requests the same shape; what is used here both have.
  const h2c = createCleartextHttp2Server((request, response) =>
    handle(request as unknown as IncomingMessage, response as unknown as ServerResponse),
  );
  await Promise.all([listen(http, options.httpPort), listen(h2c, options.h2cPort)]);
  options.write(`echo-basic listens on ports ${options.httpPort} (HTTP/1.1) and ${options.h2cPort} (h2c)`);
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  http.close();
  h2c.close();
  http.closeIdleConnections();
}

async function answer(
  options: BasicEchoOptions,
  attempts: Map<string, number>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  request.resume();
  const url = new URL(request.url ?? '/', 'http://echo');
  const delay = url.searchParams.get('delay');
  if (delay !== null) await pause(durationMs(delay), response);
  for (const [name, value] of requestedHeaders(request.headers['x-echo-set-header']))
    response.setHeader(name, value);
  response.statusCode = statusFor(url, attempts);
  response.setHeader('content-type', 'application/json');
  response.setHeader('x-content-type-options', 'nosniff');
  response.end(JSON.stringify(describe(options, request)));
}

function describe(options: BasicEchoOptions, request: IncomingMessage): object {
  const { headers, host } = canonicalHeaders(request.rawHeaders);
  return {
    path: request.url ?? '/',
    host,
    method: request.method ?? '',
    proto: `HTTP/${request.httpVersion}`,
    headers,
    httpPort: String(request.socket.localPort ?? ''),
    namespace: options.namespace,
    ingress: options.ingress,
    service: options.service,
    pod: options.pod,
  };
}

/** `/status/NNN` answers NNN; `/retry/…?uuid=&succeedAfter=&responseCode=` fails the first requests of that uuid. */
function statusFor(url: URL, attempts: Map<string, number>): number {
  const status = /^\/status\/(\d{3})$/.exec(url.pathname)?.[1];
  if (status !== undefined) return Number(status);
  if (!url.pathname.startsWith('/retry')) return 200;
  const uuid = url.searchParams.get('uuid') ?? '';
  const seen = (attempts.get(uuid) ?? 0) + 1;
  attempts.set(uuid, seen);
  const succeedAfter = Number(url.searchParams.get('succeedAfter') ?? 0);
  return seen > succeedAfter ? 200 : Number(url.searchParams.get('responseCode') ?? 500);
}

/** `name:value,name:value`; a value may hold colons, and an empty one is allowed. */
function requestedHeaders(
  value: string | readonly string[] | undefined,
): readonly (readonly [string, string])[] {
  return [value ?? []].flat().flatMap((text) =>
    text.split(',').flatMap((pair) => {
      const colon = pair.indexOf(':');
      return colon < 1 ? [] : [[pair.slice(0, colon).trim(), pair.slice(colon + 1).trim()] as const];
    }),
  );
}

/** Go's durations as far as the suite uses them: 1s, 500ms, 1m. Anything else is no delay. */
function durationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text);
  const unit = { ms: 1, s: 1_000, m: 60_000 }[match?.[2] ?? ''] ?? 0;
  return Number(match?.[1] ?? 0) * unit;
}

function pause(delayMs: number, response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, delayMs);
    // Nobody waits any more.
    response.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '::', () => resolve());
  });
}
