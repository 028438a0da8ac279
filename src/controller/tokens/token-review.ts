import type { Caller } from './caller.ts';
import { tokenError } from './token-claims.ts';

/** What an API server says of a token: `status` of a TokenReview (authentication.k8s.io/v1). */
export interface TokenReviewStatus {
  readonly authenticated?: boolean;
  readonly error?: string;
  /** Those of the audiences asked for that the token is for. */
  readonly audiences?: readonly string[];
  readonly user?: {
    readonly username?: string;
    readonly groups?: readonly string[];
    readonly extra?: Readonly<Record<string, readonly string[]>>;
  };
}

/**
 * The service account behind a reviewed token. An API server that knows nothing of audiences answers without any, and
 * would let a token for somebody else through: that is refused.
 * @throws ControllerError ERR_CONTROLLER_TOKEN.
 */
export function callerFromReview(status: TokenReviewStatus, audience: string): Caller {
  if (status.authenticated !== true) {
    throw tokenError(`the token is refused: ${(status.error ?? '').slice(0, 300) || 'not authenticated'}`);
  }
  if (status.audiences?.includes(audience) !== true)
    throw tokenError(`expected a token for the audience ${audience}, got ${listed(status.audiences)}`);
  const { username = '', groups = [], extra = {} } = status.user ?? {};
  const [, namespace, serviceAccount] = SERVICE_ACCOUNT.exec(username) ?? [];
  if (namespace === undefined || serviceAccount === undefined || !groups.includes(SERVICE_ACCOUNTS))
    throw tokenError(`expected a token of a service account, got one of ${JSON.stringify(username)}`);
  const only = (name: string): string => {
    const values = extra[`authentication.kubernetes.io/${name}`] ?? [];
    return values.length === 1 ? (values[0] ?? '') : '';
  };
  return {
    namespace,
    serviceAccount,
    pod: only('pod-name'),
    podUid: only('pod-uid'),
    node: only('node-name'),
  };
}

/**
 * When a reviewed token ends, in milliseconds since the epoch; undefined for one that does not say. Nothing is verified
 * here: the API server has done that.
 */
export function tokenEndMs(token: string): number | undefined {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    const { exp } = payload as { readonly exp?: unknown };
    return typeof exp === 'number' && Number.isFinite(exp) ? exp * 1000 : undefined;
  } catch {
    // No JWT: tokens of other kinds are as good, they only cannot be remembered.
    return undefined;
  }
}

function listed(audiences: readonly string[] = []): string {
  return audiences.length === 0 ? 'one without any' : audiences.slice(0, 5).join(', ');
}

const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;
const SERVICE_ACCOUNTS = 'system:serviceaccounts';
