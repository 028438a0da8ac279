import type { CertificateView } from '../../model/index.ts';
import { type Column, type Layout, tableOf } from './columns.ts';
import { age, orDash } from './numbers.ts';
import { compareText, shortIdentity } from './traffic/ends.ts';

/** A certificate, and how long it still is good. */
export interface ExpiringRow {
  readonly kind: CertificateView['kind'];
  readonly name: string;
  readonly serial: string;
  readonly state: string;
  /** Who holds it, or trusts it. */
  readonly proxies: readonly string[];
  readonly notAfterMs: number;
  readonly leftMs: number;
  /** Whether it expires within the time that was asked about. */
  readonly expiring: boolean;
}

/** Roots and intermediates, or with `svid` workloads' certificates; each once, the first to expire first. */
export function expiringRows(
  certificates: readonly CertificateView[],
  options: { readonly withinMs: number; readonly svid: boolean; readonly nowMs: number },
): readonly ExpiringRow[] {
  const wanted: readonly CertificateView['kind'][] = options.svid ? ['workload'] : ['root', 'intermediate'];
  const found = new Map<string, ExpiringRow>();
  for (const { kind, name, serial, state, proxy, notAfterMs } of certificates) {
    if (!wanted.includes(kind)) continue;
    const key = `${kind} ${name} ${serial} ${notAfterMs}`;
    const known = found.get(key);
    const leftMs = notAfterMs - options.nowMs;
    found.set(key, {
      kind,
      name,
      serial,
      state,
      proxies: [...new Set([...(known?.proxies ?? []), ...(proxy === '' ? [] : [proxy])])],
      notAfterMs,
      leftMs,
      expiring: leftMs <= options.withinMs,
    });
  }
  return [...found.values()].toSorted(
    (a, b) => a.notAfterMs - b.notAfterMs || compareText(a.name, b.name) || compareText(a.serial, b.serial),
  );
}

/** For people; in the order of `rows`. */
export function expiringTable(rows: readonly ExpiringRow[], layout: Layout): string {
  const columns: readonly Column<ExpiringRow>[] = [
    { title: 'KIND', cell: ({ kind }) => kind },
    { title: 'NAME', cell: ({ name }) => shortIdentity(name) },
    { title: 'SERIAL', cell: ({ serial }) => orDash(serial.toLowerCase()), spare: 2 },
    { title: 'STATE', cell: ({ state }) => orDash(state), spare: 1 },
    { title: 'NOT AFTER', cell: ({ notAfterMs }) => new Date(notAfterMs).toISOString().slice(0, 19) },
    {
      title: 'LEFT',
      cell: ({ leftMs }) => (leftMs <= 0 ? `expired ${age(-leftMs)} ago` : age(leftMs)),
      align: 'right',
    },
    { title: 'EXPIRING', cell: ({ expiring }) => (expiring ? 'yes' : 'no') },
    { title: 'PROXIES', cell: ({ proxies }) => proxyNames(proxies), spare: 3 },
  ];
  return tableOf(columns, rows, layout);
}

function proxyNames(proxies: readonly string[]): string {
  return proxies.length > 3 ? `${proxies.length} proxies` : orDash(proxies.join(','));
}
