import { type Blame, describeError, type ErrorCodeTable, MeshError } from '../../base/index.ts';

export const KUBERNETES_ERROR_CODES = {
  ERR_KUBERNETES_CONFIG: 'the kubeconfig or the service account of the pod cannot be used',
  ERR_KUBERNETES_UNREACHABLE: 'the API server cannot be reached, does not answer in time or is failing',
  ERR_KUBERNETES_THROTTLED: 'the API server, or our own limit for it, takes no more requests at the moment',
  ERR_KUBERNETES_UNAUTHORIZED: 'the API server does not know who we are',
  ERR_KUBERNETES_FORBIDDEN: 'RBAC, or an admission plug-in, does not allow what was asked of the API server',
  ERR_KUBERNETES_NOT_FOUND: 'the API server has no such object or no such kind',
  ERR_KUBERNETES_CONFLICT:
    'the object was changed by somebody else in the meantime, or a field has another manager',
  ERR_KUBERNETES_EXISTS: 'an object of that name is there already',
  ERR_KUBERNETES_GONE: 'the API server no longer knows the resource version that was asked for',
  ERR_KUBERNETES_INVALID: 'the API server does not accept the request',
  ERR_KUBERNETES_ANSWER: 'the API server, or something in between, answered what makes no sense',
} as const satisfies ErrorCodeTable;

/** The codes of this folder; docs/errors.md says what each means. */
export type KubernetesErrorCode = keyof typeof KUBERNETES_ERROR_CODES;

/** A right that the API server's authorizer misses, in the words of a role's rule. */
export interface MissingRight {
  readonly verb: string;
  /** `pods/status` for a subresource. */
  readonly resource: string;
  readonly group: string;
}

/** A request to the API server failed. */
export class KubernetesError extends MeshError<KubernetesErrorCode> {
  /** HTTP's; undefined where there was no answer. */
  readonly status: number | undefined;
  /** How long the API server wants us to stay away, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** Of ERR_KUBERNETES_FORBIDDEN; undefined where an admission plug-in refused, which no right would change. */
  readonly missingRight: MissingRight | undefined;

  constructor(options: {
    readonly code: KubernetesErrorCode;
    readonly blame?: Blame;
    readonly message: string;
    readonly hint?: string | undefined;
    readonly retryable?: boolean;
    readonly cause?: unknown;
    readonly status?: number;
    readonly retryAfterMs?: number | undefined;
    readonly missingRight?: MissingRight | undefined;
  }) {
    super({ ...options, blame: options.blame ?? 'upstream' });
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
    this.missingRight = options.missingRight;
  }
}

/** Whether `error` is a KubernetesError of one of the codes. */
export function isKubernetesError(
  error: unknown,
  ...codes: readonly KubernetesErrorCode[]
): error is KubernetesError {
  return error instanceof KubernetesError && (codes.length === 0 || codes.includes(error.code));
}

/** What the API server said when it refused, as an error. `what` is `list pods`. */
export function errorOfStatus(
  what: string,
  answer: { readonly status: number; readonly reason: string; readonly message: string },
  retryAfterMs?: number,
): KubernetesError {
  const { status, reason } = answer;
  const code = codeOf(status, reason);
  const missingRight = status === 403 ? missingRightIn(answer.message) : undefined;
  return new KubernetesError({
    code,
    blame: code === 'ERR_KUBERNETES_INVALID' ? 'local' : 'upstream',
    message: `${what}: ${status}${answer.message === '' ? '' : ` ${answer.message}`}`,
    hint: missingRight === undefined ? HINTS[code] : `a role of whoever asks needs ${ruleFor(missingRight)}`,
    retryable: RETRYABLE.has(code),
    status,
    retryAfterMs,
    missingRight,
  });
}

/** What went wrong before there was an answer. */
export function errorOfConnection(what: string, cause: unknown): KubernetesError {
  if (cause instanceof KubernetesError) return cause;
  return new KubernetesError({
    code: 'ERR_KUBERNETES_UNREACHABLE',
    message: `${what}: ${describeError(cause)}`,
    hint: HINTS.ERR_KUBERNETES_UNREACHABLE,
    retryable: true,
    cause,
  });
}

const HINTS: Readonly<Partial<Record<KubernetesErrorCode, string>>> = {
  ERR_KUBERNETES_UNREACHABLE:
    'kubectl get --raw /readyz, with the same kubeconfig, says whether the API server can be reached from here',
  ERR_KUBERNETES_UNAUTHORIZED:
    'the token or certificate is unknown or has expired: log in to the cluster again; kubectl auth whoami tells whether it is taken',
};

/** An answer that cannot be read. The next one may be better: it is mostly a connection that was cut. */
export function errorOfAnswer(what: string, message: string, cause?: unknown): KubernetesError {
  return new KubernetesError({
    code: 'ERR_KUBERNETES_ANSWER',
    message: `${what}: ${message}`,
    retryable: true,
    cause,
  });
}

/** Every authorizer's refusal is worded by the API server itself; whoever else refuses has words of his own. */
function missingRightIn(message: string): MissingRight | undefined {
  const [, verb, resource, group] = REFUSAL.exec(message) ?? [];
  if (verb === undefined || resource === undefined || group === undefined) return undefined;
  return { verb, resource, group };
}

function ruleFor({ verb, resource, group }: MissingRight): string {
  return `{apiGroups: ["${group}"], resources: ["${resource}"], verbs: ["${verb}"]}`;
}

const REFUSAL = / cannot (\w+) resource "([^"]+)" in API group "([^"]*)"/;

function codeOf(status: number, reason: string): KubernetesErrorCode {
  if (status === 409) return reason === 'AlreadyExists' ? 'ERR_KUBERNETES_EXISTS' : 'ERR_KUBERNETES_CONFLICT';
  return BY_STATUS[status] ?? (status >= 500 ? 'ERR_KUBERNETES_UNREACHABLE' : 'ERR_KUBERNETES_INVALID');
}

const BY_STATUS: Readonly<Record<number, KubernetesErrorCode>> = {
  401: 'ERR_KUBERNETES_UNAUTHORIZED',
  403: 'ERR_KUBERNETES_FORBIDDEN',
  404: 'ERR_KUBERNETES_NOT_FOUND',
  410: 'ERR_KUBERNETES_GONE',
  429: 'ERR_KUBERNETES_THROTTLED',
};
const RETRYABLE = new Set<KubernetesErrorCode>([
  'ERR_KUBERNETES_UNREACHABLE',
  'ERR_KUBERNETES_THROTTLED',
  'ERR_KUBERNETES_UNAUTHORIZED',
  'ERR_KUBERNETES_CONFLICT',
]);
