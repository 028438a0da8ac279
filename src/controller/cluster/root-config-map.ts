import { type Clock, type Closable, describeError, type Logger, type Timer } from '../../base/index.ts';
import type { Authority } from '../../identity/index.ts';
import { isKubernetesError, isRecord, type KubernetesApi, resourceType } from '../kubernetes/index.ts';
import { ControllerError } from '../errors.ts';
import type { Leadership } from '../leadership/index.ts';

/** In the mesh's own namespace. */
export const ROOT_CONFIG_MAP = 'nodemesh-root-cert';

/** Whose roots are written, and by whom. */
export interface RootConfigMapOptions {
  readonly api: Pick<KubernetesApi, 'get' | 'create' | 'patch'>;
  readonly namespace: string;
  readonly authority: Pick<Authority, 'bundle' | 'bundleChanges'>;
  /** Another replica may know less of a rotation: the leader writes. */
  readonly leadership: Leadership;
  /** Why it cannot be written; undefined: it is, again. */
  readonly tell: (problem: string | undefined) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The ConfigMap, as far as this replica looks after it. */
export interface RootConfigMap extends Closable {
  /** Whether it has the roots of now, as far as this replica wrote them. */
  hasRoots(): boolean;
}

/**
 * Keeps the ConfigMap with the mesh's roots, by which node proxies trust the controller; looked after, should it be changed.
 * One that somebody has made immutable is not replaced: a kubelet never looks again at what it has mounted as such, so that
 * nodes would go on with the old roots, and nobody would know.
 */
export function keepRootConfigMap(options: RootConfigMapOptions): RootConfigMap {
  const { api, namespace, authority, leadership, clock, log } = options;
  const target = { resource: CONFIG_MAPS, namespace, name: ROOT_CONFIG_MAP };
  let timer: Timer | undefined;
  let running: Promise<void> = Promise.resolve();
  let closed = false;
  let written: string | undefined;
  let problem: string | undefined;
  let toldMs = 0;

  function note(error?: unknown): void {
    const next = error === undefined ? undefined : describeError(error);
    // The same is not told again every two seconds, but before the Event that says so is forgotten.
    if (next === problem && (next === undefined || clock.monotonic() - toldMs < TOLD_AGAIN_MS)) return;
    problem = next;
    toldMs = clock.monotonic();
    if (next !== undefined) log.warn('root certificates not written', { error });
    options.tell(next);
  }

  /** Also when it was there as it should be. */
  async function put(data: Readonly<Record<string, string>>): Promise<void> {
    try {
      const present = await api.get(target);
      if (isRecord(present.data) && present.data[KEY] === data[KEY]) return;
      if (present.immutable === true) throw immutableError(namespace);
      await api.patch(target, { type: 'merge', body: { data } });
    } catch (error) {
      if (!isKubernetesError(error, 'ERR_KUBERNETES_NOT_FOUND')) throw error;
      const metadata = { namespace, name: ROOT_CONFIG_MAP, labels: LABELS };
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
      await api.create({ resource: CONFIG_MAPS, namespace }, object);
    }
    log.info('root certificates written', { configMap: `${namespace}/${ROOT_CONFIG_MAP}` });
  }

  async function write(): Promise<void> {
    if (!leadership.leading) return;
    const roots = rootsOf(authority);
    await put({ [KEY]: roots });
    written = roots;
    note();
  }

  function look(delayMs: number): void {
    timer?.cancel();
    if (closed) return;
    timer = clock.after(delayMs, () => {
      running = running.then(write).then(
        () => look(EVERY_MS),
        (error: unknown) => {
          note(error);
          look(RETRY_MS);
        },
      );
    });
  }

  const stops = [
    authority.bundleChanges.subscribe(() => look(0)),
    leadership.changes.subscribe((leading) => {
      if (leading) look(0);
    }),
  ];
  look(0);
  const stop = (): void => {
    closed = true;
    timer?.cancel();
    for (const unsubscribe of stops) unsubscribe();
  };
  return {
    hasRoots: () => written === rootsOf(authority),
    async close() {
      stop();
      await running;
    },
    destroy: stop,
  };
}

function rootsOf(authority: Pick<Authority, 'bundle'>): string {
  return authority.bundle().rootsPem.join('');
}

function immutableError(namespace: string): ControllerError {
  return new ControllerError({
    code: 'ERR_CONTROLLER_AUTHORITY',
    blame: 'local',
    message: `the ConfigMap ${namespace}/${ROOT_CONFIG_MAP} is immutable and has other roots than the mesh: no new root is signed with until it has them`,
    hint: 'delete it, then restart the ztunnels: kubelets do not look again at what is immutable',
  });
}

const CONFIG_MAPS = resourceType('v1', 'configmaps', true);
const KEY = 'root-cert.pem';
const LABELS = {
  'app.kubernetes.io/part-of': 'nodemesh',
  'app.kubernetes.io/managed-by': 'nodemesh-controller',
};
const TOLD_AGAIN_MS = 1_800_000;
const EVERY_MS = 60_000;
const RETRY_MS = 2_000;
