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

/** A policy that decided has refused; any other error is a fault. */
function verdictOf({ error, policy, reason, status }: LogLine['fields'], level: string): Verdict {
  if (error === undefined && reason === undefined)
    return Number(status) >= 500 || level === 'error' ? 'failed' : 'allowed';
  const refused = policy !== undefined || /deny|denied|polic|refus|unauthor|rate.?limit/i.test(reason ?? '');
  return refused ? 'refused' : 'failed';
}

/** `cart.shop.svc.cluster.local` is the service cart. */
function serviceOf(fields: LogLine['fields'], field = 'dst.service'): string | undefined {
  return fields[field]?.split('.')[0];
}
