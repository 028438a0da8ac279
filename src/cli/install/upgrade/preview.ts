import { describeError } from '../../../base/index.ts';
import type { RunningMesh } from '../../running-mesh/index.ts';
import { createProgress, type Terminal } from '../../terminal/index.ts';
import { type Applied, applyObjects, describeObject } from '../cluster/apply-objects.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { applicableParts } from '../install.ts';
import type { Installation } from '../installation-record.ts';
import { ownKinds } from '../own-kinds.ts';
import { findStale, staleLines } from '../stale-objects.ts';
import { heldConnections, heldText } from './held-connections.ts';

/** Says what an upgrade would change, field by field, and whom it would cut; changes nothing. */
export async function preview(
  terminal: Terminal,
  cluster: Cluster,
  {
    installed,
    next,
    mesh,
  }: {
    readonly installed: Installation;
    readonly next: Installation;
    readonly mesh: () => Promise<Pick<RunningMesh, 'nodes' | 'api'>>;
  },
): Promise<void> {
  const progress = createProgress(terminal);
  const results: Applied[] = [];
  const objects = [
    ...ownKinds(),
    ...(await applicableParts(cluster, next.settings)).flatMap((part) => part.objects),
  ];
  for (const object of objects) {
    progress.update('asking the API server what would change');
    results.push(...(await applyObjects(cluster, [object], { dryRun: true })));
  }
  const stale = await findStale(cluster, installed, next);
  progress.stop();
  const lines = [...results.flatMap(linesOf), ...staleLines(stale)];
  terminal.stdout.write(`${installed.version} → ${next.version}\n`);
  for (const line of lines) terminal.stdout.write(`${line}\n`);
  if (lines.length === 0) terminal.stdout.write('nothing would change\n');
  else if (!lines.some((line) => line.startsWith(ZTUNNEL_POD)))
    terminal.stdout.write('No ztunnel would be replaced, and no connection cut.\n');
  else {
    // Of the ztunnels that run: it is they who hold the connections, with the setting that they were started with.
    const { drainSeconds } = installed.settings;
    terminal.stdout.write(
      `Every ztunnel would be replaced, one node after the other. Connections live on for ${drainSeconds} s, those that are still open then are cut.\n`,
    );
    progress.update('asking the nodes what they hold');
    const text = await whoWouldBeCut(mesh, drainSeconds * 1_000);
    progress.stop();
    terminal.stdout.write(`\n${text}`);
  }
}

/** The rest of the preview is worth something without it. */
async function whoWouldBeCut(
  open: () => Promise<Pick<RunningMesh, 'nodes' | 'api'>>,
  boundMs: number,
): Promise<string> {
  try {
    return heldText(await heldConnections(await open(), boundMs));
  } catch (error) {
    return `Not known is what the nodes hold: ${describeError(error)}\n`;
  }
}

function linesOf({ object, outcome, changes }: Applied): readonly string[] {
  const name = describeObject(object);
  return outcome === 'created'
    ? [`${name}: would be created`]
    : changes.map((change) => `${name}: ${change}`);
}

const ZTUNNEL_POD = 'daemonset nodemesh-system/ztunnel: spec.template.';
