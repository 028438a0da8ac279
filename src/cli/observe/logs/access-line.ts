import type { Filtered } from '../tap/tap-filter.ts';
import type { Verdict } from '../tap/tap-event.ts';
import type { LogLine } from './log-line.ts';

/** A line of the access log, and who wrote it: `ztunnel/<node>` or `waypoint/<namespace>/<pod>`. */
export interface AccessLine extends LogLine {
  readonly proxy: string;
}

/** What of a line can be filtered, as `tap` does it. */
export function filteredLine({ fields, level }: AccessLine): Filtered {
  const names = [
    fields['src.workload'],
    fields['dst.workload'],
    serviceOf(fields),
    serviceOf(fields, 'dst.backend'),
  ];
  const namespaces = [fields['src.namespace'], fields['dst.namespace'], fields['dst.service']?.split('.')[1]];
  const { method, path = '', status } = fields;
  return {
    verdict: verdictOf(fields, level),
    request: method === undefined ? undefined : { method, path, status: Number(status) },
    names: names.filter((name) => name !== undefined),
    namespaces: namespaces.filter((name) => name !== undefined),
  };
}

/** What proxies refuse on purpose, by error code or reason: theirs, which a test compares. Any other error is a fault. */
export const REFUSALS: ReadonlySet<string> = new Set([
  'ERR_ZTUNNEL_DENIED',
  'ERR_ZTUNNEL_DENIED_LATER',
  'ERR_ZTUNNEL_WAYPOINT_BYPASS',
  'ERR_ZTUNNEL_WRONG_AUTHORITY',
  'ERR_ZTUNNEL_NO_ORIGINAL_DESTINATION',
  'ERR_ZTUNNEL_SELF_CALL',
  'ERR_ZTUNNEL_RECURSIVE_PORT',
  'ERR_ZTUNNEL_POD_SHARE',
  'ERR_IDENTITY_PEER_REVOKED',
  // A destination whose waypoint is not there is closed by design.
  'WAYPOINT_MISSING',
  'WAYPOINT_UNUSABLE',

  'ERR_WAYPOINT_DENIED',
  'ERR_WAYPOINT_DENIED_LATER',
  'ERR_WAYPOINT_NOT_BOUND',
  'ERR_WAYPOINT_NO_ROUTE',
  'ERR_WAYPOINT_PATH',
  'ERR_WAYPOINT_TOKEN_INVALID',
  'ERR_WAYPOINT_TOKEN_MISSING',
  'ERR_WAYPOINT_UNCHECKED_BODY',
  'ERR_WAYPOINT_RATE_LIMITED',
  'ERR_WAYPOINT_RATE_LIMIT_UNCHECKED',
  'ERR_WAYPOINT_FAULT_INJECTED',
  'ERR_WAYPOINT_OVERLOADED',
  'ERR_WAYPOINT_OVERFLOW',
  'authorizer_denied',
]);

function verdictOf(fields: LogLine['fields'], level: string): Verdict {
  const { error, reason, status, 'error.code': code = '' } = fields;
  if (REFUSALS.has(code) || (reason !== undefined && REFUSALS.has(reason))) return 'refused';
  if (error !== undefined || level === 'error' || Number(status) >= 500) return 'failed';
  return 'allowed';
}

/** `cart.shop.svc.cluster.local` is the service cart. */
function serviceOf(fields: LogLine['fields'], field = 'dst.service'): string | undefined {
  return fields[field]?.split('.')[0];
}
