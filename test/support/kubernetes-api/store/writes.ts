import { randomUUID } from 'node:crypto';
import { type ApiObject, ApiStatus, isJson } from '../api-object.ts';
import { applyPatch, type FieldOwners, managedFields, ownChanged } from './field-owners.ts';
import type { ObjectStore } from './object-store.ts';
import { jsonPatch, mergePatch } from './patch.ts';
import type { RequestInfo } from '../request-info.ts';
import type { ApiResource } from '../resource-table.ts';

/** `shop/cart`, or `shop` alone for what is in no namespace. */
export function keyOf(namespace: string | undefined, name: string): string {
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

/** Changes objects as the API server does: with versions, generations, owners of fields, finalizers and `status` apart. */
export interface Writes {
  create(info: RequestInfo, type: ApiResource, body: unknown): ApiObject;
  update(info: RequestInfo, type: ApiResource, body: unknown): ApiObject;
  patch(
    info: RequestInfo,
    type: ApiResource,
    how: { readonly contentType: string; readonly body: unknown },
  ): ApiObject;
  remove(info: RequestInfo, type: ApiResource, body: unknown): ApiObject;
}

export function createWrites(store: ObjectStore): Writes {
  const owners = new Map<string, FieldOwners>();

  function ownersOf(info: RequestInfo, key: string): FieldOwners {
    const id = `${info.resource} ${key}`;
    const known = owners.get(id) ?? new Map<string, Set<string>>();
    owners.set(id, known);
    return known;
  }

  function existing(info: RequestInfo): ApiObject {
    const found = store.get(info.resource, keyOf(info.namespace, info.name ?? ''));
    if (found === undefined) throw notFound(info);
    return found;
  }

  function save(info: RequestInfo, object: ApiObject): ApiObject {
    if (info.query.get('dryRun') === 'All') return object;
    const key = keyOf(object.metadata.namespace, object.metadata.name ?? '');
    const { deletionTimestamp, finalizers = [] } = object.metadata;
    if (deletionTimestamp !== undefined && finalizers.length === 0) return drop(info, key) ?? object;
    return store.put(info.resource, key, object);
  }

  function drop(info: RequestInfo, key: string): ApiObject | undefined {
    owners.delete(`${info.resource} ${key}`);
    return store.remove(info.resource, key);
  }

  function make(info: RequestInfo, type: ApiResource, body: unknown, isApply = false): ApiObject {
    const object = objectOf(body);
    const { metadata } = object;
    const name = metadata.name ?? `${metadata.generateName ?? ''}${randomUUID().slice(0, 5)}`;
    if (metadata.name === undefined && metadata.generateName === undefined)
      throw new ApiStatus(422, 'Invalid', `${type.kind} "" is invalid: name or generateName is required`);
    const namespace = type.namespaced ? (info.namespace ?? metadata.namespace ?? 'default') : undefined;
    if (store.get(info.resource, keyOf(namespace, name)) !== undefined)
      throw new ApiStatus(409, 'AlreadyExists', `${info.resource} "${name}" already exists`);
    const { status: _status, ...plain } = object;
    const made = {
      ...(type.status ? plain : object),
      kind: type.kind,
      metadata: {
        ...metadata,
        name,
        ...(namespace === undefined ? {} : { namespace }),
        uid: randomUUID(),
        generation: 1,
        creationTimestamp: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
      },
    };
    return finish(info, type, undefined, made, isApply);
  }

  function finish(
    info: RequestInfo,
    type: ApiResource,
    before: ApiObject | undefined,
    after: ApiObject,
    isApply = false,
  ): ApiObject {
    const key = keyOf(after.metadata.namespace, after.metadata.name ?? '');
    const known = ownersOf(info, key);
    if (!isApply) ownChanged(known, info.query.get('fieldManager') ?? 'unknown', { before, after });
    const [version = ''] = type.versions;
    const apiVersion = type.group === '' ? version : `${type.group}/${version}`;
    const metadata = { ...after.metadata, managedFields: managedFields(known, apiVersion) };
    const object = { ...after, metadata };
    const bare = (value: ApiObject | undefined): string =>
      JSON.stringify({ ...value, metadata: { ...value?.metadata, managedFields: [], resourceVersion: '' } });
    // What changes nothing makes no new version.
    if (before !== undefined && bare(before) === bare(object)) return before;
    return save(info, object);
  }

  function replace(info: RequestInfo, type: ApiResource, wanted: ApiObject, isApply = false): ApiObject {
    const before = existing(info);
    const version = wanted.metadata.resourceVersion;
    if (version !== undefined && version !== '' && version !== before.metadata.resourceVersion) {
      const text =
        'the object has been modified; please apply your changes to the latest version and try again';
      throw new ApiStatus(
        409,
        'Conflict',
        `Operation cannot be fulfilled on ${info.resource} "${info.name}": ${text}`,
      );
    }
    if (wanted.metadata.uid !== undefined && wanted.metadata.uid !== before.metadata.uid)
      throw new ApiStatus(
        409,
        'Conflict',
        `Precondition failed: UID in precondition: ${wanted.metadata.uid}`,
      );
    return finish(info, type, before, mergedForWrite({ info, type, before, wanted }), isApply);
  }

  return {
    create: (info, type, body) => make(info, type, body),
    update: (info, type, body) => replace(info, type, objectOf(body)),
    patch(info, type, { contentType, body }) {
      const key = keyOf(info.namespace, info.name ?? '');
      if (contentType.includes('apply-patch')) {
        const manager = info.query.get('fieldManager');
        if (manager === null)
          throw new ApiStatus(400, 'BadRequest', 'fieldManager is required for apply patch');
        const how = { owners: ownersOf(info, key), manager, force: info.query.get('force') === 'true' };
        const before = store.get(info.resource, key);
        const wanted = applyPatch(before, objectOf(body), how);
        if (before !== undefined) return replace(info, type, wanted, true);
        const { namespace } = info;
        return make(
          info,
          type,
          { ...wanted, metadata: { ...wanted.metadata, name: info.name, namespace } },
          true,
        );
      }
      const before = existing(info);
      const { resourceVersion: _version, ...metadata } = before.metadata;
      const base = { ...before, metadata };
      const wanted = Array.isArray(body) ? jsonPatch(base, body) : mergePatch(base, body);
      return replace(info, type, objectOf(wanted));
    },
    remove(info, _type, body) {
      const before = existing(info);
      const preconditions = isJson(body) && isJson(body.preconditions) ? body.preconditions : {};
      if (preconditions.uid !== undefined && preconditions.uid !== before.metadata.uid)
        throw new ApiStatus(
          409,
          'Conflict',
          `Precondition failed: UID in precondition: ${String(preconditions.uid)}`,
        );
      const deletionTimestamp = before.metadata.deletionTimestamp ?? new Date().toISOString();
      return save(info, { ...before, metadata: { ...before.metadata, deletionTimestamp } });
    },
  };
}

/** `status` is written by its own path alone, and nothing else by that. */
function mergedForWrite(write: {
  readonly info: RequestInfo;
  readonly type: ApiResource;
  readonly before: ApiObject;
  readonly wanted: ApiObject;
}): ApiObject {
  const { info, type, before, wanted } = write;
  if (info.subresource === 'status') {
    // Pods and nodes let their labels and annotations be written along with it.
    const { labels = {}, annotations = {} } = wanted.metadata;
    const hasMeta = ['pods', 'nodes'].includes(info.resource);
    const metadata = hasMeta ? { ...before.metadata, labels, annotations } : before.metadata;
    return { ...before, metadata, status: wanted.status };
  }
  const { uid, creationTimestamp, deletionTimestamp, generation = 1, resourceVersion } = before.metadata;
  const after = {
    ...wanted,
    kind: type.kind,
    metadata: { ...wanted.metadata, uid, creationTimestamp, resourceVersion },
    ...(type.status ? { status: before.status } : {}),
  } as ApiObject;
  const isChanged = JSON.stringify(contentOf(before)) !== JSON.stringify(contentOf(after));
  return {
    ...after,
    metadata: {
      ...after.metadata,
      generation: isChanged ? generation + 1 : generation,
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    },
  };
}

function contentOf(object: ApiObject): unknown {
  const { metadata: _metadata, status: _status, apiVersion: _version, ...content } = object;
  return content;
}

function objectOf(body: unknown): ApiObject {
  if (isJson(body) && isJson(body.metadata)) return body as ApiObject;
  throw new ApiStatus(400, 'BadRequest', 'expected an object with metadata');
}

export function notFound(info: RequestInfo): ApiStatus {
  return new ApiStatus(404, 'NotFound', `${info.resource} "${info.name}" not found`);
}
