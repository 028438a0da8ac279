import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { errnoOf } from '../../../src/base/index.ts';
import { discoveryAnswer, listAnswer, withoutEnd } from './answers.ts';
import { type ApiObject, ApiStatus, type Json } from './api-object.ts';
import { readBody, refuse, send, shown, specOf, staleness, suffer } from './exchange.ts';
import { createMisbehaviour, type Fault, type Misbehaviour } from './misbehaviour.ts';
import { createObjectStore, type ObjectStore } from './store/object-store.ts';
import { readRequest, type RequestInfo } from './request-info.ts';
import { type ApiResource, DEFAULT_RESOURCES, resourceKey } from './resource-table.ts';
import { createWatchHub, type WatchHub } from './watch-hub.ts';
import { createWrites, keyOf, notFound } from './store/writes.ts';

/** An API server over real HTTP that keeps everything in memory, and that can be told to misbehave. */
export interface FakeKubernetesApi {
  readonly url: string;
  /** Its objects, to be looked at and changed behind everybody's back; watches hear of it all the same. */
  readonly store: ObjectStore;
  readonly watches: WatchHub;
  readonly faults: Misbehaviour;
  /** Every request since the start, newest last; at most 10,000. */
  readonly requests: readonly RequestInfo[];
  /** Open connections. */
  readonly connections: number;
  /** Puts an object as a test has it written, with its status; a uid and a creation time are made where there are none. */
  put(object: ApiObject): ApiObject;
  remove(kind: string, namespace: string, name: string): void;
  get(kind: string, namespace: string, name: string): ApiObject | undefined;
  serve(resource: ApiResource): void;
  /** Its objects are gone with it, and its watches end. */
  withdraw(kind: string): void;
  /** What TokenReviews are answered with; default: not authenticated. */
  reviewToken: (spec: { readonly token: string; readonly audiences: readonly string[] }) => Json;
  /** Whether the caller may do what a SelfSubjectAccessReview asks about; default: all. */
  reviewAccess: (attributes: Json) => boolean;
  /** What TokenRequests are answered with. */
  issueToken: (namespace: string, account: string, spec: Json) => Json;
  /** Undefined: anybody may ask. Otherwise these bearer tokens alone. */
  tokens: ReadonlySet<string> | undefined;
  /** Every connection is cut and nobody answers until `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Writes a kubeconfig that leads here. */
  writeKubeconfig(file: string, user?: Json): string;
  close(): Promise<void>;
}

export interface FakeKubernetesApiOptions {
  readonly resources?: readonly ApiResource[];
  readonly port?: number;
  /** PEM. Default: plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string };
  /** Watches live as long as they ask for, times this. Default 1. */
  readonly timeScale?: number;
  readonly bookmarkMs?: number;
}

export async function startFakeKubernetesApi(
  options: FakeKubernetesApiOptions = {},
): Promise<FakeKubernetesApi> {
  const { tls, timeScale = 1 } = options;
  const resources = new Map(
    (options.resources ?? DEFAULT_RESOURCES).map((type) => [resourceKey(type), type]),
  );
  const store = createObjectStore();
  const writes = createWrites(store);
  const watches = createWatchHub(store);
  const faults = createMisbehaviour();
  const requests: RequestInfo[] = [];
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let port = options.port ?? 0;
  const bookmarks =
    options.bookmarkMs === undefined ? undefined : setInterval(() => watches.bookmark(), options.bookmarkMs);
  bookmarks?.unref();

  const byKind = (kind: string): ApiResource => {
    const found = [...resources.values()].find((type) => type.kind === kind);
    if (found === undefined) throw new Error(`no such kind is served: ${kind}`);
    return found;
  };

  const listener: RequestListener = (message, response) => {
    void handle(message, response).catch((error: unknown) => refuse(response, error));
  };

  async function handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(message);
    const info = readRequest(message, (group, version, plural) => {
      const type = resources.get(resourceKey({ group, plural }));
      return type?.versions.includes(version) === true ? type : undefined;
    });
    if (requests.push(info) > 10_000) requests.shift();
    const bearer = message.headers.authorization?.replace(/^Bearer /, '') ?? '';
    if (api.tokens !== undefined && !api.tokens.has(bearer))
      throw new ApiStatus(401, 'Unauthorized', 'Unauthorized');
    const active = faults.take(info);
    for (const fault of active) if (await suffer(fault, message, info)) return;
    if (info.verb === 'watch' && info.type !== undefined) {
      const manner = { faults: active, timeScale, show: (object: ApiObject) => shown(object, info, message) };
      return watches.open(info, response, manner);
    }
    send(response, answer(info, message, { body, active }), { info, active });
  }

  function answer(
    info: RequestInfo,
    message: IncomingMessage,
    given: { readonly body: unknown; readonly active: readonly Fault[] },
  ): unknown {
    const { type, verb } = info;
    const { body, active } = given;
    if (verb === 'discover') return discoveryAnswer(info.resource, [...resources.values()]);
    if (type === undefined) throw new ApiStatus(404, 'NotFound', '404 page not found');
    const show = (object: ApiObject): ApiObject => shown(object, info, message);
    if (type.kind === 'TokenReview') return reviewed(body);
    if (type.kind === 'SelfSubjectAccessReview') {
      const allowed = api.reviewAccess(specOf(body).resourceAttributes as Json);
      return { ...(body as Json), metadata: {}, status: { allowed } };
    }
    if (info.subresource === 'token')
      return {
        ...(body as Json),
        status: api.issueToken(info.namespace ?? '', info.name ?? '', specOf(body)),
      };
    switch (verb) {
      case 'list':
        return withoutEnd(listAnswer(store, info, { show, staleBy: staleness(active) }), info, active);
      case 'create':
        return show(writes.create(info, type, body));
      case 'update':
        return show(writes.update(info, type, body));
      case 'patch':
        return show(writes.patch(info, type, { contentType: message.headers['content-type'] ?? '', body }));
      case 'delete':
        return show(writes.remove(info, type, body));
      default: {
        const found = store.get(info.resource, keyOf(info.namespace, info.name ?? ''));
        if (found === undefined) throw notFound(info);
        return show(found);
      }
    }
  }

  function reviewed(body: unknown): Json {
    const { token, audiences } = specOf(body);
    const known = Array.isArray(audiences) ? audiences.map(String) : [];
    const status = api.reviewToken({ token: String(token), audiences: known });
    return {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      metadata: {},
      spec: specOf(body),
      status,
    };
  }

  const api: FakeKubernetesApi = {
    store,
    watches,
    faults,
    requests,
    tokens: undefined,
    reviewToken: () => ({ authenticated: false, error: 'nobody said what this token is' }),
    reviewAccess: () => true,
    issueToken: () => ({
      token: 'a-token',
      expirationTimestamp: new Date(Date.now() + 3_600_000).toISOString(),
    }),
    get url() {
      return `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
    },
    get connections() {
      return sockets.size;
    },
    put(object) {
      const type = byKind(object.kind ?? '');
      const { name = '', namespace } = object.metadata;
      const key = keyOf(type.namespaced ? (namespace ?? 'default') : '', name);
      const known = store.get(resourceKey(type), key)?.metadata;
      const metadata = {
        uid: known?.uid ?? crypto.randomUUID(),
        creationTimestamp: known?.creationTimestamp ?? '2030-01-01T00:00:00Z',
        ...(type.namespaced ? { namespace: 'default' } : {}),
        ...object.metadata,
      };
      return store.put(resourceKey(type), key, { ...object, metadata });
    },
    remove: (kind, namespace, name) => void store.remove(resourceKey(byKind(kind)), keyOf(namespace, name)),
    get: (kind, namespace, name) => store.get(resourceKey(byKind(kind)), keyOf(namespace, name)),
    serve: (resource) => void resources.set(resourceKey(resource), resource),
    withdraw(kind) {
      const key = resourceKey(byKind(kind));
      resources.delete(key);
      store.forget(key);
      watches.drop({ resource: key }, 'end');
    },
    async stop() {
      watches.drop();
      const closing = server;
      server = undefined;
      closing?.close();
      for (const socket of sockets) socket.destroy();
      if (closing !== undefined) await once(closing, 'close');
    },
    async start() {
      server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
      server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
        sockets.add(socket);
        socket.on('close', () => sockets.delete(socket));
        // Whoever cuts a connection does so on purpose.
        socket.on('error', () => socket.destroy());
      });
      port = await listen(server, port);
    },
    writeKubeconfig(file, user = { token: 'operator' }) {
      writeFileSync(file, JSON.stringify(kubeconfig(api.url, user, tls?.ca)));
      return file;
    },
    async close() {
      clearInterval(bookmarks);
      watches.close();
      await api.stop();
    },
  };
  await api.start();
  return api;
}

/**
 * Listens, on a port of its own choice where that is 0. It is none of those that the kernel gives out, or somebody else would
 * have it by the time that a server that was stopped starts again.
 */
async function listen(server: Server, port: number): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const wanted = port === 0 ? 18_000 + Math.floor(Math.random() * 14_000) : port;
    try {
      server.listen(wanted, '127.0.0.1');
      await once(server, 'listening');
      return wanted;
    } catch (error) {
      if (errnoOf(error) !== 'EADDRINUSE' || attempt === 200) throw error;
      if (port !== 0) await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function kubeconfig(server: string, user: Json, ca: string | undefined): Json {
  const trust =
    ca === undefined
      ? { 'insecure-skip-tls-verify': true }
      : { 'certificate-authority-data': Buffer.from(ca).toString('base64') };
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'fake',
    clusters: [{ name: 'fake', cluster: { server, ...trust } }],
    users: [{ name: 'operator', user }],
    contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'operator' } }],
  };
}
