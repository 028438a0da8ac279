import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { describeError, type Logger, MeshError } from '../../../base/index.ts';
import { LabError, type LabErrorCode } from '../../errors.ts';

/** A request that is answered with JSON. */
export interface ApiRequest {
  readonly query: URLSearchParams;
  /** Parsed JSON; undefined without a body. */
  readonly body: unknown;
}

/** JSON to answer with; undefined: 204. */
export type JsonHandler = (request: ApiRequest) => unknown;
/** For answers that go on: owns the response. */
export type StreamHandler = (query: URLSearchParams, response: ServerResponse) => void;
/** For connections that become something else: owns the socket, and answers 101 itself. */
export type UpgradeHandler = (query: URLSearchParams, socket: Duplex) => void;

/** All that the API answers. */
export interface ApiRoutes {
  /** By `METHOD /path`. */
  readonly json: Readonly<Record<string, JsonHandler>>;
  readonly stream: Readonly<Record<string, StreamHandler>>;
  readonly upgrade: Readonly<Record<string, UpgradeHandler>>;
}

const STATUS: Readonly<Partial<Record<LabErrorCode, number>>> = {
  ERR_LAB_NOT_FOUND: 404,
  ERR_LAB_CONFLICT: 409,
  ERR_LAB_MANIFEST: 400,
  ERR_LAB_REQUEST: 400,
  ERR_LAB_TIMEOUT: 504,
  ERR_LAB_UNAVAILABLE: 503,
};
const LARGEST_BODY_BYTES = 64 * 1024 * 1024;

/** The supervisor's HTTP face. Not yet listening. */
export function createApiServer(routes: ApiRoutes, log: Logger): Server {
  const server = createServer((request, response) => {
    answer(routes, request, response).catch((error: unknown) => {
      if (!(error instanceof MeshError))
        log.error('api request failed', { url: request.url, error: String(error) });
      if (response.headersSent) response.destroy();
      else sendJson(response, statusOf(error), errorBody(error));
    });
  });
  server.on('upgrade', (request, socket) => {
    const url = new URL(request.url ?? '/', 'http://lab');
    const handler = routes.upgrade[url.pathname];
    // A caller that goes away in the middle has nothing to be told.
    socket.on('error', () => socket.destroy());
    try {
      if (handler === undefined) throw badRequest(`no such upgrade: ${url.pathname}`);
      handler(url.searchParams, socket);
    } catch (error) {
      const body = JSON.stringify(errorBody(error));
      socket.end(
        `HTTP/1.1 ${statusOf(error)} Refused\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
      );
    }
  });
  return server;
}

async function answer(routes: ApiRoutes, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://lab');
  const key = `${request.method} ${url.pathname}`;
  const stream = routes.stream[key];
  if (stream !== undefined) {
    stream(url.searchParams, response);
    return;
  }
  const handler = routes.json[key];
  if (handler === undefined) throw badRequest(`no such request: ${key}`);
  const result: unknown = await handler({ query: url.searchParams, body: await readJson(request) });
  if (result === undefined) response.writeHead(204).end();
  else sendJson(response, 200, result);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_BODY_BYTES) throw badRequest('the body is too large');
    chunks.push(chunk);
  }
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch (cause) {
    throw badRequest('the body is not JSON', cause);
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function statusOf(error: unknown): number {
  return error instanceof LabError ? (STATUS[error.code] ?? 500) : 500;
}

function errorBody(error: unknown): object {
  const message = describeError(error);
  if (!(error instanceof MeshError)) return { error: message };
  return { error: message, code: error.code, hint: error.hint };
}

/** ERR_LAB_REQUEST. */
export function badRequest(message: string, cause?: unknown): LabError {
  const base = { code: 'ERR_LAB_REQUEST', blame: 'downstream', message } as const;
  return new LabError(cause === undefined ? base : { ...base, cause });
}

/** A field of a JSON body that must be a non-empty string. */
export function stringField(body: unknown, name: string): string {
  const value = bodyField(body, name);
  if (typeof value !== 'string' || value === '') throw badRequest(`${name}: expected a non-empty string`);
  return value;
}

/** Undefined where it is not there. Throws ERR_LAB_REQUEST for a body that is no object. */
export function bodyField(body: unknown, name: string): unknown {
  if (typeof body !== 'object' || body === null) throw badRequest('expected a JSON object');
  return (body as Record<string, unknown>)[name];
}
