import type { Clock, Logger, Timer } from '../../../base/index.ts';
import {
  isKubernetesError,
  type KubernetesApi,
  type KubernetesObject,
  resourceType,
} from '../../kubernetes/index.ts';
import type { WebhookKeyPair } from '../serve/index.ts';
import { keepBundle } from './keep-bundle.ts';
import type { ServingCertificate } from './serving-certificate.ts';
import {
  createWebhookSecret,
  readWebhookSecret,
  rotateWebhookSecret,
  type WebhookSecret,
  writeWebhookSecret,
} from './webhook-secret.ts';

/** Where the certificate is kept, and who is to trust it. */
export interface SharedCertificateOptions {
  readonly api: Pick<KubernetesApi, 'get' | 'create' | 'update' | 'patch'>;
  /** Of the Secret, and of the Service by which the API server calls. */
  readonly namespace: string;
  /** Default `nodemesh-webhook`. */
  readonly secretName?: string;
  /** Default `nodemesh-controller`. */
  readonly serviceName?: string;
  /** The ValidatingWebhookConfiguration that is to trust it. Default `nodemesh`. */
  readonly configurationName?: string;
  /** Whether this replica is the one that rotates, and that keeps the configuration in order. */
  readonly leads: () => boolean;
  readonly clock: Clock;
  readonly log: Logger;
  /** How often everything is looked at. Default 10,000. */
  readonly everyMs?: number;
}

/**
 * The webhook's certificate in a Secret that all replicas of a controller share. Whoever is first makes it. The leader
 * rotates it, with overlap, and has the API server trust it, also after somebody has changed the configuration. Rejects with
 * KubernetesError when there is no Secret to be had at the start; later the last certificate stays in force.
 */
export async function openSharedCertificate(options: SharedCertificateOptions): Promise<ServingCertificate> {
  const { api, namespace, clock, log, leads, everyMs = 10_000 } = options;
  const { secretName = 'nodemesh-webhook', serviceName = 'nodemesh-controller' } = options;
  const { configurationName = 'nodemesh' } = options;
  const name = `${serviceName}.${namespace}.svc`;
  const target = { resource: SECRETS, namespace, name: secretName };
  let use: ((certificate: WebhookKeyPair) => void) | undefined;
  let timer: Timer | undefined;
  let closed = false;
  let failing = false;
  let isTrusted = false;

  const write = async (
    secret: WebhookSecret,
    before: KubernetesObject | undefined,
  ): Promise<KubernetesObject> => {
    const object = {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'Opaque',
      metadata: before?.metadata ?? { name: secretName, namespace, labels: LABELS },
      data: writeWebhookSecret(secret),
    };
    return before === undefined
      ? api.create({ resource: SECRETS, namespace }, object)
      : api.update(target, object);
  };
  const read = async (): Promise<KubernetesObject> => {
    try {
      return await api.get(target);
    } catch (error) {
      if (!isKubernetesError(error, 'ERR_KUBERNETES_NOT_FOUND')) throw error;
    }
    try {
      const made = await write(await createWebhookSecret(name, clock.now()), undefined);
      log.info('webhook certificate made', { secret: `${namespace}/${secretName}` });
      return made;
    } catch (error) {
      // Another replica was quicker.
      if (isKubernetesError(error, 'ERR_KUBERNETES_EXISTS')) return api.get(target);
      throw error;
    }
  };
  /** The Secret as it is now, after what is due has been done to it. */
  const take = async (): Promise<WebhookSecret> => {
    const object = await read();
    const found = readWebhookSecret(object.data, name);
    if (found === undefined) {
      // Who does not lead waits for who does; at the start there may be nobody yet.
      if (!leads() && current !== undefined) return current;
      log.warn('webhook certificate is no good, and made anew', { secret: `${namespace}/${secretName}` });
      const made = await createWebhookSecret(name, clock.now());
      await write(made, object);
      return made;
    }
    if (!leads() || (found.next !== undefined && !isTrusted)) return found;
    const rotated = await rotateWebhookSecret(found, { name, nowMs: clock.now() });
    if (rotated === undefined) return found;
    await write(rotated, object);
    log.info(rotated.next === undefined ? 'webhook certificate replaced' : 'next webhook certificate made');
    return rotated;
  };
  const look = async (): Promise<void> => {
    try {
      const taken = await take();
      if (closed) return;
      const isNew = taken.serving.certificatePem !== current.serving.certificatePem;
      current = taken;
      if (isNew) use?.(taken.serving);
      isTrusted = false;
      if (leads()) {
        await keepBundle({ api, name: configurationName, bundlePem: taken.bundlePem, log });
        isTrusted = true;
      }
      failing = false;
    } catch (error) {
      // A conflict is another replica's doing, and seen at the next look.
      const level = failing || isKubernetesError(error, 'ERR_KUBERNETES_CONFLICT') ? 'debug' : 'warn';
      log[level]('webhook certificate not looked after', { error });
      failing = true;
    }
  };
  const run = async (): Promise<void> => {
    await look();
    if (!closed) timer = clock.after(everyMs, () => void run());
  };
  const stop = (): void => {
    closed = true;
    timer?.cancel();
  };

  let current = await take();
  timer = clock.after(0, () => void run());
  return {
    get current() {
      return current.serving;
    },
    onRenewed(next) {
      use = next;
    },
    close: async () => stop(),
    destroy: stop,
  };
}

const SECRETS = resourceType('v1', 'secrets', true);
const LABELS = {
  'app.kubernetes.io/name': 'nodemesh',
  'app.kubernetes.io/component': 'webhook',
  'app.kubernetes.io/part-of': 'nodemesh',
  'app.kubernetes.io/managed-by': 'nodemesh',
};
