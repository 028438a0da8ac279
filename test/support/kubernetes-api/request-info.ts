import type { IncomingMessage } from 'node:http';
import { type ApiResource, resourceKey } from './resource-table.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'discover';

/** A request as RBAC sees it. */
export interface RequestInfo {
  readonly verb: Verb;
  /** `pods`; of discovery `apis/apps/v1`. */
  readonly resource: string;
  readonly type: ApiResource | undefined;
  readonly version: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
  readonly query: URLSearchParams;
}

export function readRequest(
  message: IncomingMessage,
  find: (group: string, version: string, plural: string) => ApiResource | undefined,
): RequestInfo {
  const url = new URL(message.url ?? '/', 'http://api');
  const parts = url.pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const isCore = parts[0] === 'api';
  const group = isCore ? '' : (parts[1] ?? '');
  const version = (isCore ? parts[1] : parts[2]) ?? '';
  const rest = parts.slice(isCore ? 2 : 3);
  const base = { query: url.searchParams, version };
  if ((parts[0] !== 'api' && parts[0] !== 'apis') || rest.length === 0) {
    const nothing = { type: undefined, namespace: undefined, name: undefined, subresource: undefined };
    return { ...base, ...nothing, verb: 'discover', resource: parts.join('/') };
  }
  // A Namespace's own subresources look like the collections in it.
  const isWithin =
    rest[0] === 'namespaces' && rest.length > 2 && rest[2] !== 'status' && rest[2] !== 'finalize';
  const [plural = '', name, subresource] = isWithin ? rest.slice(2) : rest;
  const type = find(group, version, plural);
  return {
    ...base,
    verb: verbOf(message.method ?? 'GET', name, url.searchParams),
    resource: resourceKey({ group, plural }),
    type,
    namespace: isWithin ? rest[1] : undefined,
    name,
    subresource,
  };
}

function verbOf(method: string, name: string | undefined, query: URLSearchParams): Verb {
  if (method === 'GET') {
    if (name !== undefined) return 'get';
    return query.get('watch') === 'true' || query.get('watch') === '1' ? 'watch' : 'list';
  }
  return ({ POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' } as const)[method] ?? 'get';
}
