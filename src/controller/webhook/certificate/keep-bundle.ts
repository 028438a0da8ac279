import type { Logger } from '../../../base/index.ts';
import { isKubernetesError, isRecord, type KubernetesApi, resourceType } from '../../kubernetes/index.ts';

/**
 * Sees to it that every webhook of the configuration trusts the bundle. Without the configuration there is nothing to do.
 * Rejects with KubernetesError.
 */
export async function keepBundle(options: {
  readonly api: Pick<KubernetesApi, 'get' | 'patch'>;
  /** Of the ValidatingWebhookConfiguration. */
  readonly name: string;
  readonly bundlePem: string;
  readonly log: Logger;
}): Promise<void> {
  const { api, name, log } = options;
  const target = { resource: CONFIGURATIONS, name };
  const caBundle = Buffer.from(options.bundlePem).toString('base64');
  const object = await api.get(target).catch((error: unknown) => {
    if (isKubernetesError(error, 'ERR_KUBERNETES_NOT_FOUND')) return undefined;
    throw error;
  });
  const webhooks: readonly unknown[] = Array.isArray(object?.webhooks) ? object.webhooks : [];
  const changes = webhooks.flatMap((webhook, index) => {
    if (!isRecord(webhook) || !isRecord(webhook.clientConfig)) return [];
    if (webhook.clientConfig.caBundle === caBundle) return [];
    const path = `/webhooks/${index}`;
    // Somebody may have put another webhook in its place meanwhile.
    const isThisOne = { op: 'test', path: `${path}/name`, value: webhook.name };
    return [isThisOne, { op: 'add', path: `${path}/clientConfig/caBundle`, value: caBundle }];
  });
  if (changes.length === 0) return;
  await api.patch(target, { type: 'json', body: changes });
  log.info('the API server trusts the webhook', { configuration: name, webhooks: changes.length / 2 });
}

const CONFIGURATIONS = resourceType(
  'admissionregistration.k8s.io/v1',
  'validatingwebhookconfigurations',
  false,
);
