/** Why a CONNECT was refused, as whoever refused tells its peer. Belief is the caller's decision. */
export interface TunnelRefusal {
  /** Who refused: `ztunnel/<node>` or `waypoint/<namespace>/<pod>`. */
  readonly proxy: string;
  /** What the refusal is called wherever it is told; begins with `proxy`. */
  readonly id: string;
  /** Absent where peers are not to know. */
  readonly why?: TunnelRefusalReason | undefined;
}

/** The verdict itself, in the words of the proxy that gave it. */
export interface TunnelRefusalReason {
  /** Refused by a policy or by design, or failed by a fault. */
  readonly kind: 'refused' | 'failed';
  /** An error code, or a reason of docs/errors.md. */
  readonly reason: string;
  /** `namespace/name`; empty when none decided. */
  readonly policy: string;
  /** Counted from 1; 0 when no rule decided. */
  readonly rule: number;
  /** For people: what happened, and what to do. Cut where they are too long. */
  readonly message: string;
  readonly hint: string;
}

/** As the value of `proxy-status` (RFC 9209), whose parameters may be extended (§2.1). */
export function formatRefusal({ proxy, id, why }: TunnelRefusal): string {
  const own = `${quoted(proxy)};error=${ERROR_TYPE};id=${quoted(id)}`;
  if (why === undefined) return own;
  const { kind, reason, policy, rule, message, hint } = why;
  return [
    own,
    `kind=${kind}`,
    `reason=${quoted(reason)}`,
    ...(policy === '' ? [] : [`policy=${quoted(policy)}`, `rule=${rule}`]),
    `details=${quoted(message)}`,
    ...(hint === '' ? [] : [`hint=${quoted(hint)}`]),
  ].join(';');
}

/** Reads what `formatRefusal` writes; undefined for anything else, as other proxies send, and for what is too long. */
export function parseRefusal(text: string | undefined): TunnelRefusal | undefined {
  if (text === undefined || text.length > MAX_STATUS_BYTES) return undefined;
  const [, proxy] = /^"([a-z]+(?:\/[A-Za-z0-9._-]{1,253}){1,2})";/.exec(text) ?? [];
  if (proxy === undefined) return undefined;
  const parameters = new Map<string, string>();
  for (const [, name = '', string, bare = ''] of text.matchAll(PARAMETER))
    parameters.set(name, string === undefined ? bare : string.replaceAll(/\\(["\\])/g, '$1'));
  const of = (name: string): string => parameters.get(name) ?? '';
  const id = of('id');
  if (!id.startsWith(`${proxy}/`) || !ID.test(id)) return undefined;
  return { proxy, id, why: reasonOf(of) };
}

function reasonOf(of: (name: string) => string): TunnelRefusalReason | undefined {
  const [kind, reason, policy, rule] = [of('kind'), of('reason'), of('policy'), of('rule')];
  if ((kind !== 'refused' && kind !== 'failed') || !REASON.test(reason)) return undefined;
  if (policy !== '' && !POLICY.test(policy)) return undefined;
  return {
    kind,
    reason,
    policy,
    rule: /^\d{1,5}$/.test(rule) ? Number(rule) : 0,
    message: of('details'),
    hint: of('hint'),
  };
}

/** RFC 8941 §3.3.3: printable ASCII, with a backslash before quotes and backslashes. */
function quoted(text: string): string {
  const cut = text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 3)}...`;
  return `"${cut.replaceAll(/[^\x20-\x7e]/g, '?').replaceAll(/["\\]/g, '\\$&')}"`;
}

/** RFC 9209 §2.3.23: refused by configuration or policy. */
const ERROR_TYPE = 'http_request_denied';
const MAX_TEXT = 600;
const MAX_STATUS_BYTES = 4_096;
const ID = /^[a-z]+(?:\/[A-Za-z0-9._-]{1,253}){2,5}$/;
const REASON = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
const POLICY = /^[a-z0-9.-]{1,253}\/[a-z0-9._-]{1,253}$/;
const PARAMETER = /;([a-z]{1,16})=(?:"((?:[^"\\]|\\["\\])*)"|([a-z0-9_]{1,32}))/g;
