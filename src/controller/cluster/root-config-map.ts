import { type Clock, type Closable, describeError, type Logger, type Timer } from '../../base/index.ts';
import type { Authority } from '../../identity/index.ts';
import { isKubernetesError, isRecord, type KubernetesApi, resourceType } from '../kubernetes/index.ts';
import type { Leadership } from '../leadership/index.ts';

/** In the mesh's own namespace. */
export const ROOT_CONFIG_MAP = 'nodemesh-root-cert';

export interface RootConfigMapOptions {
  readonly api: Pick<KubernetesApi, 'get' | 'create' | 'patch'>;
  readonly namespace: string;
  readonly authority: Pick<Authority, 'bundle' | 'bundleChanges'>;
  /** Another replica may know less of a rotation: the leader writes. */
  readonly leadership: Leadership;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Keeps the ConfigMap with the mesh's roots, by which node proxies trust the controller; looked after, should it be changed. */
export function keepRootConfigMap(options: RootConfigMapOptions): Closable {
  const { api, namespace, authority, leadership, clock, log } = options;
  const target = { resource: CONFIG_MAPS, namespace, name: ROOT_CONFIG_MAP };
  let timer: Timer | undefined;
  let running: Promise<void> = Promise.resolve();
  let closed = false;
  /** What it failed with last: the same is not told again every two seconds. */
  let said = '';

  async function write(): Promise<void> {
    if (!leadership.leading) return;
    const data = { [KEY]: authority.bundle().rootsPem.join('') };
    try {
      const present = await api.get(target);
      if (isRecord(present.data) && present.data[KEY] === data[KEY]) return;
      await api.patch(target, { type: 'merge', body: { data } });
    } catch (error) {
      if (!isKubernetesError(error, 'ERR_KUBERNETES_NOT_FOUND')) throw error;
      const metadata = { namespace, name: ROOT_CONFIG_MAP, labels: LABELS };
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
      await api.create({ resource: CONFIG_MAPS, namespace }, object);
    }
    log.info('root certificates written', { configMap: `${namespace}/${ROOT_CONFIG_MAP}` });
  }

  function look(delayMs: number): void {
    timer?.cancel();
    if (closed) return;
    timer = clock.after(delayMs, () => {
      running = running.then(write).then(
        () => {
          said = '';
          look(EVERY_MS);
        },
        (error: unknown) => {
          if (describeError(error) !== said) log.warn('root certificates not written', { error });
          said = describeError(error);
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
    async close() {
      stop();
      await running;
    },
    destroy: stop,
  };
}

const CONFIG_MAPS = resourceType('v1', 'configmaps', true);
const KEY = 'root-cert.pem';
const LABELS = {
  'app.kubernetes.io/part-of': 'nodemesh',
  'app.kubernetes.io/managed-by': 'nodemesh-controller',
};
const EVERY_MS = 60_000;
const RETRY_MS = 2_000;
