import { randomBytes } from 'node:crypto';
import type { HttpRequest } from '../../../http/index.ts';
import type { HashCookie, HashKey, IpAddress, LoadBalancer } from '../../../model/index.ts';
import { hashText } from '../balancing/hashing/hash-text.ts';

/** What a request is balanced by. */
export interface RequestHash {
  /** Undefined: it has no key, or its service is not balanced by one. */
  readonly hash: number | undefined;
  /** A cookie that the client is to get, so that its next request has a key. */
  readonly setCookie: string | undefined;
}

/** A client that has no cookie yet is given one where its settings say so. */
export function requestHash(
  loadBalancer: LoadBalancer,
  request: HttpRequest,
  client: IpAddress,
): RequestHash {
  if (loadBalancer.type !== 'consistent-hash') return NO_HASH;
  const { key } = loadBalancer;
  const value = keyValueOf(key, request, client);
  if (value !== undefined) return { hash: hashText(value), setCookie: undefined };
  if (key.kind !== 'cookie' || key.ttlMs === undefined) return NO_HASH;
  const made = randomBytes(12).toString('base64url');
  return { hash: hashText(made), setCookie: formatCookie(key, made, key.ttlMs) };
}

function keyValueOf(key: HashKey, { headers }: HttpRequest, client: IpAddress): string | undefined {
  switch (key.kind) {
    case 'header':
      return headers.joined(key.name.toLowerCase());
    case 'cookie':
      return readCookie(headers.all('cookie'), key.name);
    case 'source-ip':
      return client;
  }
}

/** RFC 6265 §4.2.1; HTTP/2 may split the field (RFC 9113 §8.2.3). The first of equal names counts. */
export function readCookie(fields: readonly string[], name: string): string | undefined {
  for (const field of fields) {
    for (const pair of field.split(';')) {
      const equals = pair.indexOf('=');
      if (equals === -1 || pair.slice(0, equals).trim() !== name) continue;
      const value = pair.slice(equals + 1).trim();
      return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
    }
  }
  return undefined;
}

function formatCookie({ name, path, attributes }: HashCookie, value: string, ttlMs: number): string {
  const parts = [`${name}=${value}`];
  if (path !== '') parts.push(`Path=${path}`);
  if (ttlMs > 0) parts.push(`Max-Age=${Math.ceil(ttlMs / 1_000)}`);
  parts.push('HttpOnly');
  for (const attribute of attributes)
    parts.push(attribute.value === '' ? attribute.name : `${attribute.name}=${attribute.value}`);
  return parts.join('; ');
}

const NO_HASH: RequestHash = { hash: undefined, setCookie: undefined };
