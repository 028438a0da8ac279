import { type Clock, systemClock } from '../../base/index.ts';
import { createCredentials, type KubernetesAccess } from './credentials.ts';
import { readResourceList } from './discovery.ts';
import { errorOfAnswer, isKubernetesError } from './errors.ts';
import { type HttpRequest, openExchange, readAnswer } from './http-exchange.ts';
import type { CallOptions, KubernetesApi, SelectorOptions, WatchOptions } from './kubernetes-api.ts';
import { isKubernetesObject, isRecord, type KubernetesObject, type ObjectPage } from './kubernetes-object.ts';
import { createDeadline } from './request-deadline.ts';
import { createRequestGate, notAsked, type RequestLimits } from './request-gate.ts';
import { describeTarget, groupVersionPath, pathOf, type ResourceCollection } from './resource.ts';
import { readWatch } from './collections/index.ts';

/** Which API server, as whom, and how much of it may be asked. */
export interface KubernetesApiOptions {
  readonly access: KubernetesAccess;
  readonly clock?: Clock;
  readonly limits?: Partial<RequestLimits>;
}

/** A client of one API server. Nothing is sent before the first call. */
export function createKubernetesApi(options: KubernetesApiOptions): KubernetesApi {
  const { clock = systemClock } = options;
  const credentials = createCredentials(options.access, clock);
  const gate = createRequestGate({ ...LIMITS, ...options.limits }, clock);
  const closing = new AbortController();

  /** With credentials that are read again, once, where the API server no longer takes those that it took before. */
  async function withCredentials<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (!isKubernetesError(error, 'ERR_KUBERNETES_UNAUTHORIZED')) throw error;
      credentials.forget();
      return await run();
    }
  }

  async function call(request: Omit<HttpRequest, 'signal'>, how: CallOptions = {}): Promise<unknown> {
    const { what } = request;
    const ms = how.timeoutMs ?? CALL_TIMEOUT_MS;
    const deadline = createDeadline({ what, ms, clock, signals: [closing.signal, how.signal] });
    const { signal } = deadline;
    try {
      const leave = await gate.enter(signal).catch((cause: unknown) => {
        throw signal.aborted && cause === signal.reason ? notAsked(what, ms, cause) : cause;
      });
      try {
        return await withCredentials(async () => {
          const exchange = { ...request, signal };
          return await readAnswer(exchange, await openExchange(await credentials.connection(), exchange));
        });
      } finally {
        leave();
      }
    } catch (error) {
      throw how.signal?.aborted === true ? how.signal.reason : error;
    } finally {
      deadline.end();
    }
  }

  async function watch(collection: ResourceCollection, how: WatchOptions): Promise<void> {
    const what = `watch ${describeTarget(collection)}`;
    const totalMs = how.timeoutSeconds * 1000 + (how.graceMs ?? WATCH_GRACE_MS);
    const signals = [closing.signal, how.signal];
    const deadline = createDeadline({ what, ms: how.silenceMs ?? totalMs, totalMs, clock, signals });
    const query = {
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: how.resourceVersion,
      timeoutSeconds: String(how.timeoutSeconds),
      ...selectors(how),
    };
    const request: HttpRequest = {
      what,
      method: 'GET',
      path: withQuery(pathOf(collection), query),
      accept: how.metadataOnly === true ? METADATA : JSON_TYPE,
      signal: deadline.signal,
    };
    try {
      const leave = await gate.enter(deadline.signal);
      const message = await withCredentials(async () => {
        const answer = await openExchange(await credentials.connection(), request);
        if (answer.statusCode !== 200) await readAnswer(request, answer);
        return answer;
      }).finally(leave);
      how.onOpen?.();
      await readWatch(request, message, (events) => {
        deadline.extend();
        how.onEvents(events);
      });
    } catch (error) {
      throw how.signal?.aborted === true ? how.signal.reason : error;
    } finally {
      deadline.end();
    }
  }

  return {
    watch,
    async get(target, how) {
      const what = `get ${describeTarget(target)}`;
      const answer = await call({ what, method: 'GET', path: pathOf(target), accept: JSON_TYPE }, how);
      return objectOf(what, answer);
    },
    async list(collection, how = {}) {
      const what = `list ${describeTarget(collection)}`;
      const { limit, next } = how;
      const query = {
        ...(limit === undefined ? {} : { limit: String(limit) }),
        continue: next,
        ...selectors(how),
      };
      const accept = how.metadataOnly === true ? METADATA_LIST : JSON_TYPE;
      const path = withQuery(pathOf(collection), query);
      return pageOf(what, await call({ what, method: 'GET', path, accept }, how));
    },
    async create(target, object, how = {}) {
      const what = `create ${describeTarget(target)}`;
      const path = withQuery(pathOf(target), writeQuery(how));
      const body = JSON.stringify(object);
      return objectOf(what, await call({ what, method: 'POST', path, accept: JSON_TYPE, body }, how));
    },
    async update(target, object, how = {}) {
      const what = `update ${describeTarget(target)}`;
      const path = withQuery(pathOf(target), writeQuery(how));
      const body = JSON.stringify(object);
      return objectOf(what, await call({ what, method: 'PUT', path, accept: JSON_TYPE, body }, how));
    },
    async patch(target, patch, how = {}) {
      const what = `patch ${describeTarget(target)}`;
      const force = patch.type === 'apply' && patch.force === true ? { force: 'true' } : {};
      const path = withQuery(pathOf(target), { ...writeQuery(how), ...force });
      const body = JSON.stringify(patch.body);
      const contentType = PATCH_TYPES[patch.type];
      const request = { what, method: 'PATCH', path, accept: JSON_TYPE, body, contentType } as const;
      return objectOf(what, await call(request, how));
    },
    async delete(target, how = {}) {
      const what = `delete ${describeTarget(target)}`;
      const { uid, propagation } = how;
      const body = JSON.stringify({
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        ...(uid === undefined ? {} : { preconditions: { uid } }),
        ...(propagation === undefined ? {} : { propagationPolicy: propagation }),
      });
      await call({ what, method: 'DELETE', path: pathOf(target), accept: JSON_TYPE, body }, how);
    },
    async resources(apiVersion, how) {
      const what = `discover ${apiVersion}`;
      const path = groupVersionPath(apiVersion);
      try {
        const answer = await call({ what, method: 'GET', path, accept: JSON_TYPE }, how);
        const served = readResourceList(answer);
        if (served === undefined) throw errorOfAnswer(what, 'expected an APIResourceList');
        return served;
      } catch (error) {
        if (isKubernetesError(error, 'ERR_KUBERNETES_NOT_FOUND')) return undefined;
        throw error;
      }
    },
    async close() {
      stop(new Error('the client of the API server is closed'));
    },
    destroy: (cause) => stop(cause ?? new Error('the client of the API server is closed')),
  };

  function stop(reason: Error): void {
    closing.abort(reason);
    gate.close();
    credentials.close();
  }
}

function selectors(how: SelectorOptions): Query {
  return { labelSelector: how.labelSelector, fieldSelector: how.fieldSelector };
}

function writeQuery(how: {
  readonly fieldManager?: string | undefined;
  readonly dryRun?: boolean | undefined;
}): Query {
  return { fieldManager: how.fieldManager ?? FIELD_MANAGER, dryRun: how.dryRun === true ? 'All' : undefined };
}

function withQuery(path: string, query: Query): string {
  const known = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return known.length === 0 ? path : `${path}?${new URLSearchParams(known).toString()}`;
}

function objectOf(what: string, value: unknown): KubernetesObject {
  if (isKubernetesObject(value)) return value;
  // The review kinds have no metadata worth the name, and some servers leave it out.
  if (isRecord(value) && typeof value.kind === 'string') return { ...value, metadata: {} };
  throw errorOfAnswer(what, 'expected an object');
}

function pageOf(what: string, value: unknown): ObjectPage {
  const { metadata, items } = isRecord(value) ? value : {};
  const { resourceVersion, continue: next } = isRecord(metadata) ? metadata : {};
  // A list of nothing may be null where its author wrote Go.
  const found = items === null ? [] : items;
  if (!Array.isArray(found) || !found.every(isKubernetesObject) || typeof resourceVersion !== 'string') {
    throw errorOfAnswer(what, 'expected a list of objects with a resource version');
  }
  return { items: found, resourceVersion, next: typeof next === 'string' && next !== '' ? next : undefined };
}

type Query = Readonly<Record<string, string | undefined>>;

const LIMITS: RequestLimits = { inFlight: 32, perSecond: 50, burst: 100, waiting: 2_000 };
const CALL_TIMEOUT_MS = 30_000;
const WATCH_GRACE_MS = 15_000;
const FIELD_MANAGER = 'nodemesh';
const JSON_TYPE = 'application/json';
const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';
const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';
const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;
