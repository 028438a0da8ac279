import { describeError } from '../../../base/index.ts';
import type { ConnectionView } from '../../../model/index.ts';
import { age } from '../../observe/numbers.ts';
import { fewAtATime, type RunningMesh } from '../../running-mesh/index.ts';
import { formatTable } from '../../terminal/index.ts';

/** Connections of one pod that have been open for longer than a ztunnel that is replaced lets them live on. */
export interface HeldByPod {
  readonly node: string;
  /** `namespace/name`; empty for a pod that its proxy knows no more. */
  readonly pod: string;
  readonly count: number;
  readonly oldestMs: number;
}

/** Who would be cut by new ztunnels, as far as it can be told beforehand. */
export interface HeldConnections {
  readonly boundMs: number;
  /** By node, and there the most connections first. */
  readonly pods: readonly HeldByPod[];
  /** All that are open, and those among them that are older than the bound. */
  readonly open: number;
  readonly old: number;
  readonly answered: number;
  readonly silent: readonly { readonly node: string; readonly why: string }[];
}

/** Asks every node. Rejects where not even the nodes are known. */
export async function heldConnections(
  mesh: Pick<RunningMesh, 'nodes' | 'api'>,
  boundMs: number,
): Promise<HeldConnections> {
  const nodes = await mesh.nodes();
  const results = await fewAtATime(nodes, async (node) => {
    const api = await mesh.api(node);
    const { total } = await api.get('/api/v1/connections', { limit: 1 });
    const old = await api.get('/api/v1/connections', { age: Math.ceil(boundMs / 1_000), limit: MOST });
    // The node's own clock: ages are by it.
    const { nowMs } = await api.get('/api/v1/info');
    return { node, total, old: old.total, pods: byPod(node, old.connections, nowMs) };
  });
  const told = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  return {
    boundMs,
    pods: told.flatMap(({ pods }) => pods),
    open: told.reduce((sum, { total }) => sum + total, 0),
    old: told.reduce((sum, { old }) => sum + old, 0),
    answered: told.length,
    silent: results.flatMap((result, index) =>
      result.status === 'rejected' ? [{ node: nodes[index] ?? '', why: describeError(result.reason) }] : [],
    ),
  };
}

function byPod(node: string, connections: readonly ConnectionView[], nowMs: number): readonly HeldByPod[] {
  return [...Map.groupBy(connections, ({ pod }) => pod)]
    .map(([pod, own]) => ({
      node,
      pod,
      count: own.length,
      oldestMs: nowMs - Math.min(...own.map(({ openedMs }) => openedMs)),
    }))
    .sort((one, other) => other.count - one.count);
}

/** What of it people read. */
export function heldText({ boundMs, pods, open, old, answered, silent }: HeldConnections): string {
  const bound = age(boundMs);
  const nodes = `${answered} ${answered === 1 ? 'node' : 'nodes'}`;
  const listed = pods.reduce((sum, { count }) => sum + count, 0);
  const lines = [
    old === 0
      ? `Of ${open} connections that are open on ${nodes} none has lived for longer than ${bound}.`
      : `Of ${open} connections that are open on ${nodes} these ${old} have lived for longer than ${bound}, and would be cut if they go on:`,
  ];
  if (old > 0) {
    const rows = pods.map(({ node, pod, count, oldestMs }) => [
      node,
      pod === '' ? '(a pod that is gone)' : pod,
      String(count),
      age(oldestMs),
    ]);
    lines.push('', formatTable(['NODE', 'POD', 'CONNECTIONS', 'OLDEST'], rows, GAP).trimEnd());
    if (listed < old)
      lines.push(`(by pod the oldest ${MOST} of each node: ${old - listed} more are not listed)`);
    lines.push('', `A connection between two pods of the mesh is held, and listed, at both of its ends.`);
  }
  for (const { node, why } of silent) lines.push(`Not known is what node ${node} holds: ${why}`);
  return `${lines.join('\n')}\n`;
}

/** As many as an API tells of at once. */
const MOST = 5_000;
const GAP = 3;
