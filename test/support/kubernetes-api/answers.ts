import { type ApiObject, ApiStatus, gone, type Json } from './api-object.ts';
import type { Fault } from './misbehaviour.ts';
import type { ObjectStore } from './store/object-store.ts';
import type { RequestInfo } from './request-info.ts';
import type { ApiResource } from './resource-table.ts';
import { selectorOf } from './store/selectors.ts';
import { inScope } from './watch-hub.ts';

/** A page of a list, `staleBy` changes ago. */
export function listAnswer(
  store: ObjectStore,
  info: RequestInfo,
  how: { readonly show: (object: ApiObject) => ApiObject; readonly staleBy: number },
): Json {
  const { query, resource } = info;
  const limit = Number(query.get('limit') ?? '0');
  const token = readToken(query.get('continue'));
  const staleVersion = Math.max(store.oldest(resource), store.version - how.staleBy);
  const version = token?.version ?? staleVersion;
  if (version < store.oldest(resource)) throw gone();
  const selects = selectorOf(query);
  const all = store.listAt(resource, version).filter((object) => inScope(info, object) && selects(object));
  const rest = all.slice(token?.start ?? 0);
  const page = limit > 0 ? rest.slice(0, limit) : rest;
  const isCut = page.length < rest.length;
  const next = { version, start: (token?.start ?? 0) + page.length };
  return {
    kind: `${info.type?.kind}List`,
    apiVersion: info.type?.group === '' ? info.version : `${info.type?.group}/${info.version}`,
    metadata: {
      resourceVersion: String(version),
      ...(isCut ? { continue: writeToken(next), remainingItemCount: rest.length - page.length } : {}),
    },
    // Items of a typed list carry no kind of their own.
    items: page.map((object) => {
      const { kind: _kind, apiVersion: _version, ...item } = how.show(object);
      return item;
    }),
  };
}

/** What a list becomes that never ends, where one is wanted. */
export function withoutEnd(list: Json, info: RequestInfo, faults: readonly Fault[]): Json {
  const fault = faults.find(({ type }) => type === 'endless');
  if (fault?.type !== 'endless') return list;
  const { metadata, items, ...rest } = list as { readonly metadata: object; readonly items: readonly Json[] };
  const count = Number(info.query.get('continue')?.split('-')[1] ?? 0) + 1;
  return {
    ...rest,
    metadata: { ...metadata, continue: fault.how === 'circle' ? 'circle' : `page-${count}` },
    items: fault.how === 'empty' ? [] : items,
  } as Json;
}

function readToken(text: string | null): { readonly version: number; readonly start: number } | undefined {
  if (text === null || text === '' || /^(circle|page-\d+)$/.test(text)) return undefined;
  const [version, start] = Buffer.from(text, 'base64url').toString().split(' ').map(Number);
  if (version === undefined || start === undefined || Number.isNaN(version + start))
    throw new ApiStatus(400, 'BadRequest', 'continue key is not valid');
  return { version, start };
}

function writeToken(token: { readonly version: number; readonly start: number }): string {
  return Buffer.from(`${token.version} ${token.start}`).toString('base64url');
}

/** `/api`, `/apis`, `/apis/GROUP`, `/apis/GROUP/VERSION`, `/version` and those that say that it is well. */
export function discoveryAnswer(path: string, resources: readonly ApiResource[]): Json | string {
  const [root = '', group = '', version] = path.split('/');
  if (root === 'readyz' || root === 'livez' || root === 'healthz') return 'ok';
  if (root === 'version') return { major: '1', minor: '36', gitVersion: 'v1.36.0', platform: 'linux/amd64' };
  if (root === 'api' && group === '') return { kind: 'APIVersions', versions: ['v1'] };
  if (root === 'api')
    return resourceList(
      'v1',
      resources.filter((resource) => resource.group === ''),
    );
  const grouped = Map.groupBy(
    resources.filter((resource) => resource.group !== ''),
    ({ group: name }) => name,
  );
  if (root === 'apis' && group === '')
    return {
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: [...grouped].map(([name, list]) => apiGroup(name, list)),
    };
  const own = grouped.get(group);
  if (root !== 'apis' || own === undefined)
    throw new ApiStatus(404, 'NotFound', 'the server could not find it');
  if (version === undefined) return { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(group, own) };
  const served = own.filter(({ versions }) => versions.includes(version));
  if (served.length === 0) throw new ApiStatus(404, 'NotFound', 'the server could not find it');
  return resourceList(`${group}/${version}`, served);
}

function apiGroup(name: string, resources: readonly ApiResource[]): Json {
  const versions = [...new Set(resources.flatMap((resource) => resource.versions))].map((version) => ({
    groupVersion: `${name}/${version}`,
    version,
  }));
  return { name, versions, preferredVersion: versions[0] };
}

function resourceList(groupVersion: string, resources: readonly ApiResource[]): Json {
  const verbs = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion,
    resources: resources.flatMap(({ plural: name, kind, namespaced, status }) => [
      { name, singularName: kind.toLowerCase(), kind, namespaced, verbs },
      ...(status
        ? [{ name: `${name}/status`, singularName: '', kind, namespaced, verbs: ['get', 'patch', 'update'] }]
        : []),
    ]),
  };
}
