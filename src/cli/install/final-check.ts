import { setTimeout as delay } from 'node:timers/promises';
import { type CheckResult, checkText, clusterChecks } from '../check/index.ts';
import { CliError } from '../errors.ts';
import type { Progress, Terminal } from '../terminal/index.ts';
import type { Cluster } from './cluster/cluster.ts';

/**
 * What `nodemesh check` says of the cluster, once it has had time to come true: a new controller becomes leader first, and then
 * writes certificates and statuses. Rejects with ERR_CLI_CLUSTER when something is still wrong after `timeoutMs`, and prints
 * it all either way.
 */
export async function finalCheck(
  cluster: Cluster,
  {
    terminal,
    progress,
    timeoutMs,
  }: { readonly terminal: Terminal; readonly progress: Progress; readonly timeoutMs: number },
): Promise<void> {
  const begun = performance.now();
  let results: readonly CheckResult[];
  for (;;) {
    results = await clusterChecks(cluster);
    const late = results.filter((result) => isPassing(result, performance.now() - begun, timeoutMs));
    if (late.length === 0) break;
    progress.update(`checking: ${late.map(({ name, seen }) => `${name}: ${seen}`).join('; ')}`);
    await delay(LOOK_EVERY_MS);
  }
  progress.stop();
  terminal.stdout.write(checkText(results, terminal.colours));
  const wrong = results.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name);
  if (wrong.length > 0)
    throw new CliError({
      code: 'ERR_CLI_CLUSTER',
      blame: 'upstream',
      message: `everything is applied, and not all is well: ${wrong.join(', ')}`,
      hint: 'do what the hints above say; nodemesh check looks again',
    });
}

/** Whether it is worth waiting for another result. */
function isPassing({ outcome, name }: CheckResult, waitedMs: number, timeoutMs: number): boolean {
  if (outcome === 'failed') return waitedMs < Math.min(timeoutMs, FAILED_MS);
  // Without its certificate objects are taken that should be refused: it comes with the leader.
  return outcome === 'warning' && name === 'webhook' && waitedMs < Math.min(timeoutMs, WARNING_MS);
}

const LOOK_EVERY_MS = 500;
const FAILED_MS = 60_000;
const WARNING_MS = 10_000;
