import { TunnelError } from './errors.ts';
import type { TunnelRefusal } from './head/index.ts';

/** The status that refused a CONNECT as an error, and what came with it. 503 may work elsewhere; 400 and 401 are verdicts. */
export function statusError(status: number, refusal?: TunnelRefusal): TunnelError {
  return new TunnelError({
    code: 'ERR_TUNNEL_STATUS',
    blame: 'upstream',
    message: `expected status 200 for a CONNECT, got ${status}${whyText(refusal)}`,
    hint: refusal?.why?.hint || STATUS_HINTS[status],
    retryable: status === 503,
    status,
    refusal,
  });
}

function whyText(refusal: TunnelRefusal | undefined): string {
  if (refusal === undefined) return '';
  const { proxy, why } = refusal;
  return ` from ${proxy}${why === undefined ? '' : `: ${why.message}`}`;
}

/** The caller's own abort; its reason is the cause. */
export function abortedError(signal: AbortSignal): TunnelError {
  return new TunnelError({
    code: 'ERR_TUNNEL_ABORTED',
    blame: 'downstream',
    message: 'the caller gave up before the tunnel was open',
    cause: signal.reason,
  });
}

const STATUS_HINTS: Readonly<Record<number, string>> = {
  400: 'the peer does not serve this address: its view of the mesh may be older than ours',
  401: "the destination's authorization policies refuse this source; its access log names the rule",
  503: 'the destination was unknown to the peer or did not accept the connection',
};
