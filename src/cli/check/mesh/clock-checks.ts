import { CLOCK_APART_MS, clockDifference } from '../../../model/index.ts';
import { type CheckResult, resultsOf } from '../check-result.ts';
import type { MeshFacts } from './facts.ts';

const { ok, failed, warning } = resultsOf('mesh');

/** Certificates are dated back by two minutes at most: with more between clocks a fresh one is not valid yet. */
const TOO_FAR_MS = 120_000;
const FAR_MS = 5_000;

/** The clocks of controller and nodes beside this machine's, and those of proxies beside the controller's. */
export function clockChecks({ clocks, proxies, lab }: MeshFacts): readonly CheckResult[] {
  const results = clocks.map((clock): CheckResult => {
    const name = `clock of ${clock.part}`;
    if ('error' in clock)
      return failed(
        `dashboard of ${clock.part}`,
        clock.error,
        lab === undefined
          ? 'in a cluster: kubectl -n nodemesh-system get pods'
          : 'nodemesh lab status lists the dashboards that should answer',
      );
    const { aheadMs, uncertaintyMs } = clock.value;
    // What the question took says nothing about the clock.
    const skewMs = Math.max(0, Math.abs(aheadMs) - uncertaintyMs);
    const seen = `${skewMs < TOO_FAR_MS ? seconds(skewMs, aheadMs) : clockDifference(aheadMs)} this machine's`;
    if (skewMs >= TOO_FAR_MS)
      return failed(name, seen, `fresh certificates are not valid yet: ${SYNCHRONIZE}`);
    if (skewMs >= FAR_MS) return warning(name, seen, SYNCHRONIZE);
    return ok(name, seen);
  });
  const wrong = [...results.filter(({ outcome }) => outcome !== 'ok'), ...toldByController(proxies)];
  // Of clocks that go right one line is enough.
  return wrong.length > 0 || results.length === 0
    ? wrong
    : [ok('clocks', `all ${results.length} within ${FAR_MS / 1_000} s of this machine's`)];
}

/** What the controller has seen by their reports. That takes their time on the way, which nobody knows, for a difference. */
function toldByController(proxies: MeshFacts['proxies']): readonly CheckResult[] {
  if ('error' in proxies) return [];
  return proxies.value.flatMap(({ id, clockAheadMs = 0 }) => {
    if (Math.abs(clockAheadMs) < CLOCK_APART_MS) return [];
    const tell = Math.abs(clockAheadMs) < TOO_FAR_MS ? warning : failed;
    return [tell(`clock of ${id}`, `${clockDifference(clockAheadMs)} the controller's`, SYNCHRONIZE)];
  });
}

function seconds(skewMs: number, aheadMs: number): string {
  return `${(skewMs / 1_000).toFixed(1)} s ${aheadMs < 0 ? 'behind' : 'ahead of'}`;
}

const SYNCHRONIZE = 'synchronize both with NTP (timedatectl set-ntp true)';
