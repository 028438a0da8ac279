import type { CertificateView } from '../../../model/index.ts';
import { expiringRows } from '../../observe/index.ts';
import { age } from '../../observe/index.ts';
import { type CheckResult, resultsOf } from '../check-result.ts';
import type { MeshFacts } from './facts.ts';

const { ok, failed, warning, notSeen } = resultsOf('mesh');

const DAY_MS = 86_400_000;
const SOON_MS = 30 * DAY_MS;
const VERY_SOON_MS = 7 * DAY_MS;
/** Renewal begins at half of a life: what is older than this has failed to be renewed several times. */
const OLD = 0.75;

/** Roots and intermediates that expire, and workloads' certificates that are not renewed. */
export function certificateChecks({ certificates, lab, nowMs }: MeshFacts): readonly CheckResult[] {
  if ('error' in certificates) return [notSeen('certificates', certificates.error)];
  const place = lab === undefined ? 'elsewhere' : 'lab';
  return [
    ...rootChecks(certificates.value, nowMs, place),
    ...workloadChecks(certificates.value, nowMs, place),
  ];
}

type Place = 'lab' | 'elsewhere';

function rootChecks(
  certificates: readonly CertificateView[],
  nowMs: number,
  place: Place,
): readonly CheckResult[] {
  const rows = expiringRows(certificates, { withinMs: SOON_MS, svid: false, nowMs });
  if (rows.length === 0) return [notSeen('roots', 'nobody told of one')];
  const results = rows
    .filter(({ expiring }) => expiring)
    .map(({ kind, name, leftMs }) => {
      const hint = kind === 'root' ? ROTATE[place] : 'have the root sign a new one for the controller';
      if (leftMs <= 0) return failed(`${kind} ${name}`, `expired ${age(-leftMs)} ago`, hint);
      const seen = `expires in ${age(leftMs)}`;
      return leftMs < VERY_SOON_MS
        ? failed(`${kind} ${name}`, seen, hint)
        : warning(`${kind} ${name}`, seen, hint);
    });
  const [first] = rows;
  if (results.length > 0 || first === undefined) return results;
  return [ok('roots', `${rows.length} known, the first expires in ${age(first.leftMs)}`)];
}

const ROTATE: Readonly<Record<Place, string>> = {
  lab: 'nodemesh lab rotate-root replaces it, with an overlap and without a restart',
  elsewhere: 'docs/rotate-the-root.md replaces it, with an overlap and without a restart',
};
const CONTROLLER_LOG: Readonly<Record<Place, string>> = {
  lab: 'nodemesh lab logs controller',
  elsewhere: 'kubectl -n nodemesh-system logs deployment/nodemesh-controller',
};

function workloadChecks(
  certificates: readonly CertificateView[],
  nowMs: number,
  place: Place,
): readonly CheckResult[] {
  const own = certificates.filter(({ kind }) => kind === 'workload');
  const results = own.flatMap(({ name, proxy, notBeforeMs, notAfterMs, rotations }) => {
    const spent = (nowMs - notBeforeMs) / (notAfterMs - notBeforeMs);
    const [last] = rotations;
    const why = last?.outcome === 'failed' ? `, the last renewal failed: ${last.error}` : '';
    const title = `certificate of ${name} at ${proxy}`;
    const hint = `does the controller answer? its log: ${CONTROLLER_LOG[place]}`;
    if (nowMs >= notAfterMs) return [failed(title, `expired ${age(nowMs - notAfterMs)} ago${why}`, hint)];
    if (spent > OLD)
      return [
        warning(title, `${Math.round(spent * 100)} % of its life is over, and it is not renewed${why}`, hint),
      ];
    return why === '' ? [] : [warning(title, why.slice(2), hint)];
  });
  return results.length > 0 ? results : [ok('workload certificates', `${own.length}, all renewed in time`)];
}
