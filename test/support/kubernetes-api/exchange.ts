import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ApiObject, ApiStatus, isJson, type Json } from './api-object.ts';
import type { Fault } from './misbehaviour.ts';
import type { RequestInfo } from './request-info.ts';

/** True: there is no answer. */
export async function suffer(fault: Fault, message: IncomingMessage, info: RequestInfo): Promise<boolean> {
  switch (fault.type) {
    case 'status': {
      const text = fault.message ?? `${info.verb} ${info.resource}: told to refuse`;
      throw new ApiStatus(
        fault.code,
        fault.reason ?? REASONS[fault.code] ?? '',
        text,
        fault.retryAfterSeconds,
      );
    }
    case 'slow':
      await new Promise((resolve) => setTimeout(resolve, fault.ms));
      return false;
    case 'overtaken':
      fault.by();
      return false;
    case 'drop':
      message.socket.destroy();
      return true;
    case 'hang':
      return info.verb !== 'watch';
    default:
      return false;
  }
}

/** Answers, as far as the faults let it. */
export function send(
  response: ServerResponse,
  value: unknown,
  how: { readonly info: RequestInfo; readonly active: readonly Fault[] },
): void {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const has = (type: Fault['type']): boolean => how.active.some((fault) => fault.type === type);
  const status = how.info.verb === 'create' ? 201 : 200;
  const headers = { 'content-type': 'application/json' };
  if (has('truncate')) {
    response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) });
    response.write(text.slice(0, text.length / 2), () => response.destroy());
  } else response.writeHead(status, headers).end(has('garble') ? text.slice(0, text.length / 2) : text);
}

/** Answers with a Status. */
export function refuse(response: ServerResponse, error: unknown): void {
  const status = error instanceof ApiStatus ? error : new ApiStatus(500, 'InternalError', String(error));
  const { code, retryAfterSeconds } = status;
  response.writeHead(code, {
    'content-type': 'application/json',
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
  });
  response.end(JSON.stringify(status));
}

/** In the version that was asked for, and no more of it than that. */
export function shown(object: ApiObject, info: RequestInfo, message: IncomingMessage): ApiObject {
  if (message.headers.accept?.includes('as=PartialObjectMetadata') === true) {
    return { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata: object.metadata };
  }
  const apiVersion = info.type?.group === '' ? info.version : `${info.type?.group}/${info.version}`;
  return { ...object, apiVersion, kind: info.type?.kind ?? '' };
}

/** By how many changes a list is to be behind. */
export function staleness(active: readonly Fault[]): number {
  return Math.max(0, ...active.map((fault) => (fault.type === 'stale' ? fault.changes : 0)));
}

/** JSON, or undefined where there is none. */
export async function readBody(message: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ApiStatus(400, 'BadRequest', 'the body is not JSON');
  }
}

/** `spec`, or nothing in it. */
export function specOf(body: unknown): Json {
  return isJson(body) && isJson(body.spec) ? body.spec : {};
}

const REASONS: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
};
