import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { describeError, type Logger } from '../../base/index.ts';
import type { AdminRequest, AdminResponse, RouteTable } from './route.ts';

const MAXIMUM_BODY_BYTES = 64 * 1024;
/** Below this, compressing costs more than it saves. */
const COMPRESSED_FROM_BYTES = 1024;
const compress = promisify(gzip);

/** What every request of one server shares. */
export interface AnswerContext {
  readonly table: RouteTable;
  readonly log: Logger;
  /** Aborted when the server is destroyed. */
  readonly signal: AbortSignal;
}

/** Finds the route, runs it, and answers; whatever is sent to it, it answers or hangs up, and never throws. */
export async function answer(
  context: AnswerContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    const signal = AbortSignal.any([gone.signal, context.signal]);
    await send(request, response, await respond(context, request, signal));
  } catch (error) {
    context.log.warn('admin request failed', { path: request.url, error });
    if (response.headersSent) response.destroy();
    else await send(request, response, { status: 500, body: `${describeError(error)}\n` });
  }
}

async function respond(
  { table }: AnswerContext,
  request: IncomingMessage,
  signal: AbortSignal,
): Promise<AdminResponse> {
  const target = parseTarget(request.url ?? '/');
  if (target === undefined) return { status: 400, body: 'the request target is not a path\n' };
  const methods = table.find(target.path) ?? (target.path === '/' ? new Map() : undefined);
  if (methods === undefined)
    return { status: 404, body: `nothing at ${target.path}; there is:\n${listRoutes(table)}` };
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? '');
  const route = methods.get(method);
  if (route === undefined) {
    if (target.path === '/' && method === 'GET') return { body: listRoutes(table) };
    const allowed = [...methods.keys()].join(', ') || 'GET';
    return { status: 405, body: `${target.path} takes ${allowed}, not ${method}\n` };
  }
  if (method === 'POST' && isForeign(request))
    return { status: 403, body: 'a page of another origin may not change anything here\n' };
  const body = method === 'POST' ? await readBody(request) : '';
  if (body === undefined) return { status: 413, body: `a body may have ${MAXIMUM_BODY_BYTES} bytes\n` };
  const { path, query } = target;
  return route.handle({ method: route.method, path, query, body, signal } satisfies AdminRequest);
}

function parseTarget(target: string): { readonly path: string; readonly query: URLSearchParams } | undefined {
  if (!target.startsWith('/')) return undefined;
  const mark = target.indexOf('?');
  if (mark === -1) return { path: target, query: new URLSearchParams() };
  return { path: target.slice(0, mark), query: new URLSearchParams(target.slice(mark + 1)) };
}

/** Browsers say where a request comes from; other clients do not, and are trusted as far as the listener's address is. */
function isForeign(request: IncomingMessage): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined) return false;
  return origin !== `http://${host}` && origin !== `https://${host}`;
}

/** Undefined when there is too much of it. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAXIMUM_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  answered: AdminResponse,
): Promise<void> {
  const { bytes, contentType } = encode(answered);
  const zipped = bytes.length >= COMPRESSED_FROM_BYTES && acceptsGzip(request);
  const body = zipped ? await compress(bytes) : bytes;
  if (response.destroyed) return;
  response.statusCode = answered.status ?? 200;
  response.setHeader('content-type', answered.contentType ?? contentType);
  response.setHeader('content-length', body.length);
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-content-type-options', 'nosniff');
  if (zipped) response.setHeader('content-encoding', 'gzip');
  // What is left of a body that was not read would be taken for the next request.
  if (!request.complete) response.setHeader('connection', 'close');
  response.end(request.method === 'HEAD' ? undefined : body);
}

function encode(answered: AdminResponse): { readonly bytes: Uint8Array; readonly contentType: string } {
  const { body } = answered;
  if (body instanceof Uint8Array) return { bytes: body, contentType: 'application/octet-stream' };
  if (typeof body === 'string') return { bytes: Buffer.from(body), contentType: 'text/plain; charset=utf-8' };
  return {
    bytes: Buffer.from(`${JSON.stringify(body, undefined, 2)}\n`),
    contentType: 'application/json; charset=utf-8',
  };
}

function acceptsGzip(request: IncomingMessage): boolean {
  return String(request.headers['accept-encoding'] ?? '')
    .split(',')
    .some((coding) => /^\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/i.test(coding));
}

function listRoutes(table: RouteTable): string {
  return table.routes.map((route) => `${route.method.padEnd(4)} ${route.path}  ${route.summary}\n`).join('');
}
