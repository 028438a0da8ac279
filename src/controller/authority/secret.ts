import {
  isKubernetesError,
  isRecord,
  type KubernetesApi,
  type ResourceTarget,
  resourceType,
} from '../kubernetes/index.ts';

/** What is done with Secrets, and so the rights that are needed. */
export type SecretApi = Pick<KubernetesApi, 'get' | 'create' | 'patch'>;

/** Where a Secret is. */
export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/** What is in a Secret, and which writing of it that is. */
export interface SecretContent {
  readonly resourceVersion: string;
  /** By name. */
  readonly texts: Readonly<Record<string, string>>;
  text(name: string): string | undefined;
}

/** Undefined: there is none. Rejects with KubernetesError. */
export async function readSecret(api: SecretApi, secret: SecretName): Promise<SecretContent | undefined> {
  try {
    const object = await api.get(secretTarget(secret));
    const texts = textsOf(isRecord(object.data) ? object.data : {});
    return {
      resourceVersion: object.metadata.resourceVersion ?? '',
      texts,
      text: (name) => texts[name],
    };
  } catch (error) {
    if (isKubernetesError(error, 'ERR_KUBERNETES_NOT_FOUND')) return undefined;
    throw error;
  }
}

/** False: somebody has made one meanwhile. */
export async function createSecret(
  api: SecretApi,
  { namespace, name }: SecretName,
  texts: Readonly<Record<string, string>>,
): Promise<boolean> {
  const metadata = { namespace, name, labels: LABELS };
  const object = { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data: encoded(texts) };
  try {
    await api.create({ resource: SECRETS, namespace }, object);
    return true;
  } catch (error) {
    if (isKubernetesError(error, 'ERR_KUBERNETES_EXISTS')) return false;
    throw error;
  }
}

/** Sets texts, null taking one away, in that very writing of the Secret; false: it is another by now. */
export async function patchSecret(
  api: SecretApi,
  secret: SecretName,
  change: { readonly resourceVersion: string; readonly texts: Readonly<Record<string, string | null>> },
): Promise<boolean> {
  const { resourceVersion, texts } = change;
  const body = { metadata: { resourceVersion }, data: encoded(texts) };
  try {
    await api.patch(secretTarget(secret), { type: 'merge', body });
    return true;
  } catch (error) {
    if (isKubernetesError(error, 'ERR_KUBERNETES_CONFLICT', 'ERR_KUBERNETES_NOT_FOUND')) return false;
    throw error;
  }
}

function secretTarget({ namespace, name }: SecretName): ResourceTarget {
  return { resource: SECRETS, namespace, name };
}

function textsOf(data: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(data).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, Buffer.from(value, 'base64').toString('utf8')]] : [],
    ),
  );
}

function encoded(texts: Readonly<Record<string, string | null>>): Readonly<Record<string, string | null>> {
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [
      name,
      text === null ? null : Buffer.from(text, 'utf8').toString('base64'),
    ]),
  );
}

const SECRETS = resourceType('v1', 'secrets', true);
const LABELS = {
  'app.kubernetes.io/part-of': 'nodemesh',
  'app.kubernetes.io/managed-by': 'nodemesh-controller',
};
