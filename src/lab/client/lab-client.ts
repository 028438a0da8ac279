import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { ManifestObject } from '../cluster/index.ts';
import type { KubeObject } from '../cluster/objects/index.ts';
import { LabError } from '../errors.ts';
import { SOCKET_FILE } from '../state/index.ts';
import type {
  AdminAnswer,
  ApplyResult,
  LabStatus,
  RevocationAnswer,
  RootAnswer,
  RotationStep,
  WaypointAnswer,
} from '../supervisor/index.ts';
import type { ZtunnelStatus } from '../mesh/index.ts';
import { type ExecRequest, runExec } from './exec-session.ts';
import { errorFromBody } from './remote-error.ts';

/** Names an object; the namespace is empty for kinds that have none. */
export interface ObjectName {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** A waypoint, and which of its pods. */
export interface WaypointReplica {
  readonly namespace: string;
  readonly name: string;
  readonly pod?: string | undefined;
}

/** A running lab, through its supervisor's socket. Everything rejects with LabError. */
export interface LabClient {
  status(): Promise<LabStatus>;
  nodes(): Promise<readonly string[]>;
  kinds(): Promise<readonly string[]>;
  apply(objects: readonly ManifestObject[]): Promise<readonly ApplyResult[]>;
  delete(object: ObjectName, gracePeriodSeconds?: number): Promise<void>;
  /** All of a kind; an undefined namespace means every one. */
  objects(kind: string, namespace?: string, name?: string): Promise<readonly KubeObject[]>;
  patchMetadata(
    object: ObjectName,
    patch: {
      readonly labels?: Readonly<Record<string, string | null>>;
      readonly annotations?: Readonly<Record<string, string | null>>;
    },
  ): Promise<KubeObject>;
  scale(object: ObjectName, replicas: number): Promise<void>;
  /** Resolves with the program's exit code. */
  exec(request: ExecRequest): Promise<number>;
  /** Text that goes on until the supervisor ends it or the stream is destroyed. */
  stream(path: 'logs' | 'capture', query: URLSearchParams): Promise<Readable>;
  /** As a crash would; the lab starts it again. */
  killZtunnel(node: string): Promise<void>;
  /** Kills, stops (killed and not started again) or starts a node's ztunnel, or without a node the controller. */
  control(verb: 'kill' | 'stop' | 'start', node: string | undefined): Promise<void>;
  /** Of the mesh's authority. */
  roots(): Promise<readonly RootAnswer[]>;
  /** One step; whoever takes the next one sees to it that everybody is ready for it. */
  rotateRoot(step: RotationStep): Promise<void>;
  /** Resolves when every connected proxy refuses the certificate, or has had time enough. */
  revoke(serial: string): Promise<RevocationAnswer>;
  upgradeZtunnel(node: string): Promise<ZtunnelStatus>;
  /** Asks the ztunnel's admin port of a node. */
  admin(node: string, path: string, method?: string): Promise<AdminAnswer>;
  /** Asks a replica of a waypoint on its admin, metrics or readiness port: the first that is ready, unless told which. */
  waypointAdmin(
    waypoint: WaypointReplica,
    request: { readonly path: string; readonly method?: string },
  ): Promise<WaypointAnswer>;
  /** Asks the supervisor to end; it answers before it does. */
  shutDown(): Promise<void>;
}

const TIMEOUT_MS = 30_000;

/** Each call is a connection of its own: nothing is to be closed. */
export function createLabClient(stateDirectory: string): LabClient {
  const socketPath = join(stateDirectory, SOCKET_FILE);
  const call = (method: string, path: string, body?: unknown): Promise<unknown> =>
    callJson(socketPath, method, path, body);
  return {
    // The answers are those of the supervisor of this very version.
    status: async () => (await call('GET', '/v1/status')) as LabStatus,
    nodes: async () => (await call('GET', '/v1/nodes')) as readonly string[],
    kinds: async () => (await call('GET', '/v1/kinds')) as readonly string[],
    apply: async (objects) => (await call('POST', '/v1/apply', { objects })) as readonly ApplyResult[],
    delete: async (object, gracePeriodSeconds) => {
      await call('POST', '/v1/delete', { ...object, gracePeriodSeconds });
    },
    objects: async (kind, namespace, name) => {
      const query = new URLSearchParams({ kind });
      if (namespace !== undefined) query.set('namespace', namespace);
      if (name !== undefined) query.set('name', name);
      return (await call('GET', `/v1/objects?${query}`)) as readonly KubeObject[];
    },
    patchMetadata: async (object, patch) =>
      (await call('POST', '/v1/metadata', { ...object, ...patch })) as KubeObject,
    scale: async (object, replicas) => {
      await call('POST', '/v1/scale', { ...object, replicas });
    },
    exec: (options) => runExec(connect(socketPath), options),
    stream: (path, query) => openStream(socketPath, `/v1/${path}?${query}`),
    killZtunnel: async (node) => {
      await call('POST', '/v1/mesh/control', { verb: 'kill', node });
    },
    control: async (verb, node) => {
      await call('POST', '/v1/mesh/control', { verb, node });
    },
    roots: async () => (await call('GET', '/v1/roots')) as readonly RootAnswer[],
    rotateRoot: async (step) => {
      await call('POST', '/v1/roots/rotate', { step });
    },
    revoke: async (serial) => (await call('POST', '/v1/revocations', { serial })) as RevocationAnswer,
    upgradeZtunnel: async (node) => (await call('POST', '/v1/ztunnel/upgrade', { node })) as ZtunnelStatus,
    admin: async (node, path, method = 'GET') =>
      (await call('POST', '/v1/ztunnel/admin', { node, path, method })) as AdminAnswer,
    waypointAdmin: async ({ namespace, name, pod }, { path, method }) =>
      (await call('POST', '/v1/waypoint/admin', { namespace, name, pod, path, method })) as WaypointAnswer,
    shutDown: async () => {
      await call('POST', '/v1/shutdown');
    },
  };
}

function send(
  socketPath: string,
  method: string,
  path: string,
  body: unknown,
  timeoutMs: number | undefined,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const signal = timeoutMs === undefined ? {} : { signal: AbortSignal.timeout(timeoutMs) };
    const attempt = request({ socketPath, method, path, agent: false, ...signal });
    attempt.on('response', resolve);
    attempt.on('error', (cause: NodeJS.ErrnoException) => {
      const gone = cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED';
      reject(
        new LabError({
          code: gone ? 'ERR_LAB_NOT_RUNNING' : 'ERR_LAB_UNAVAILABLE',
          blame: 'upstream',
          message: gone ? 'the lab is not running' : `the lab's supervisor did not answer ${method} ${path}`,
          hint: gone ? 'nodemesh lab up starts one' : 'its log: nodemesh lab logs supervisor',
          cause,
        }),
      );
    });
    attempt.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function callJson(socketPath: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await send(socketPath, method, path, body, TIMEOUT_MS);
  const text = await readAll(response);
  const value = text === '' ? undefined : (JSON.parse(text) as unknown);
  if ((response.statusCode ?? 500) < 300) return value;
  throw errorFromBody(value);
}

async function openStream(socketPath: string, path: string): Promise<Readable> {
  const response = await send(socketPath, 'GET', path, undefined, undefined);
  if (response.statusCode === 200) return response;
  throw errorFromBody(JSON.parse(await readAll(response)) as unknown);
}

async function readAll(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
