import type { IncomingMessage, ServerResponse } from 'node:http';
import { acceptedEncoding, encodeBody } from './encoding.ts';
import type { ApiRefusal } from '../problem.ts';
import type { StaticFile } from './static-files.ts';

/** A request with the response that waits for it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Resolves when the answer is handed on, or the client is gone. */
export function sendJson(exchange: Exchange, answer: unknown, status = 200): Promise<void> {
  return sendBytes(exchange, {
    status,
    contentType: 'application/json; charset=utf-8',
    bytes: Buffer.from(`${JSON.stringify(answer)}\n`),
  });
}

/** As sendJson, in UTF-8. */
export function sendText(exchange: Exchange, text: string, status = 200): Promise<void> {
  return sendBytes(exchange, { status, contentType: 'text/plain; charset=utf-8', bytes: Buffer.from(text) });
}

/** The problem as JSON, with the headers and the status of the refusal. */
export function sendRefusal(exchange: Exchange, refusal: ApiRefusal): Promise<void> {
  for (const [name, value] of Object.entries(refusal.headers)) exchange.response.setHeader(name, value);
  return sendJson(exchange, refusal.problem, refusal.status);
}

/** 304 where the client has it already; compressed where the client takes that. */
export async function sendFile({ request, response }: Exchange, file: StaticFile): Promise<void> {
  response.setHeader('cache-control', file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache');
  response.setHeader('etag', file.etag);
  response.setHeader('vary', 'accept-encoding');
  if (request.headers['if-none-match'] === file.etag) {
    end({ request, response }, 304, undefined);
    return;
  }
  const encoding = file.compressible ? acceptedEncoding(request) : undefined;
  const body = await file.body(encoding);
  if (encoding !== undefined) response.setHeader('content-encoding', encoding);
  response.setHeader('content-type', file.contentType);
  end({ request, response }, 200, body);
}

/** For everything that is sent: nothing from elsewhere runs or is shown here, and this is shown nowhere else. */
export function setSecurityHeaders(response: ServerResponse): void {
  for (const [name, value] of SECURITY_HEADERS) response.setHeader(name, value);
}

async function sendBytes(
  exchange: Exchange,
  parts: { readonly status: number; readonly contentType: string; readonly bytes: Buffer },
): Promise<void> {
  const { request, response } = exchange;
  const encoding = parts.bytes.length >= ENCODED_FROM_BYTES ? acceptedEncoding(request) : undefined;
  const body = await encodeBody(parts.bytes, encoding);
  response.setHeader('content-type', parts.contentType);
  response.setHeader('cache-control', 'no-store');
  response.setHeader('vary', 'accept-encoding');
  if (encoding !== undefined) response.setHeader('content-encoding', encoding);
  end(exchange, parts.status, body);
}

function end({ request, response }: Exchange, status: number, body: Uint8Array | undefined): void {
  if (response.destroyed) return;
  response.statusCode = status;
  if (body !== undefined) response.setHeader('content-length', body.length);
  // What is left of a body that was not read would be taken for the next request.
  if (!request.complete) response.setHeader('connection', 'close');
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** Below this, compressing costs more than it saves. */
const ENCODED_FROM_BYTES = 1024;
const SECURITY_HEADERS: readonly (readonly [string, string])[] = [
  [
    'content-security-policy',
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  ],
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'no-referrer'],
  ['cross-origin-opener-policy', 'same-origin'],
  ['cross-origin-resource-policy', 'same-origin'],
];
