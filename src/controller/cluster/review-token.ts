import { isRecord, type KubernetesApi, resourceType } from '../kubernetes/index.ts';
import type { TokenReviewStatus } from '../tokens/index.ts';

/** Asks by TokenReview; a status of another shape than it has is none, and lets nobody in. */
export function reviewerOf(
  api: Pick<KubernetesApi, 'create'>,
): (token: string, audience: string) => Promise<TokenReviewStatus> {
  return async (token, audience) => {
    const review = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token, audiences: [audience] },
    };
    const { status } = await api.create({ resource: TOKEN_REVIEWS }, review, { timeoutMs: TIMEOUT_MS });
    return isRecord(status) ? readStatus(status) : {};
  };
}

function readStatus(status: Readonly<Record<string, unknown>>): TokenReviewStatus {
  const user = isRecord(status.user) ? status.user : {};
  const extra = isRecord(user.extra) ? user.extra : {};
  return {
    authenticated: status.authenticated === true,
    error: typeof status.error === 'string' ? status.error : '',
    audiences: texts(status.audiences),
    user: {
      username: typeof user.username === 'string' ? user.username : '',
      groups: texts(user.groups),
      extra: Object.fromEntries(Object.entries(extra).map(([name, values]) => [name, texts(values)])),
    },
  };
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

const TOKEN_REVIEWS = resourceType('authentication.k8s.io/v1', 'tokenreviews', false);
/** Proxies wait for the answer. */
const TIMEOUT_MS = 5_000;
