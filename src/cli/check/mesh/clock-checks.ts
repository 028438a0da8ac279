import { type CheckResult, resultsOf } from '../check-result.ts';
import type { MeshFacts } from './facts.ts';

const { ok, failed, warning } = resultsOf('mesh');

/** Certificates are dated back by two minutes at most: with more between clocks a fresh one is not valid yet. */
const TOO_FAR_MS = 120_000;
const FAR_MS = 5_000;

/** The clocks of controller and nodes beside this machine's. */
export function clockChecks({ clocks, lab }: MeshFacts): readonly CheckResult[] {
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
    const seen = `${seconds(skewMs)} ${aheadMs < 0 ? 'behind' : 'ahead of'} this machine's`;
    const hint = 'synchronize both with NTP (timedatectl set-ntp true)';
    if (skewMs >= TOO_FAR_MS) return failed(name, seen, `fresh certificates are not valid yet: ${hint}`);
    if (skewMs >= FAR_MS) return warning(name, seen, hint);
    return ok(name, seen);
  });
  const wrong = results.filter(({ outcome }) => outcome !== 'ok');
  // Of clocks that go right one line is enough.
  return wrong.length > 0 || results.length === 0
    ? wrong
    : [ok('clocks', `all ${results.length} within ${FAR_MS / 1_000} s of this machine's`)];
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
