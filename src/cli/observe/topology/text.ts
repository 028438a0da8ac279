import type { TopologyNode } from '../../../model/index.ts';
import { type Colours, printable } from '../../terminal/index.ts';
import { nodeName } from '../traffic/edge-rows.ts';
import { edgeHealth, edgeText } from './edge-text.ts';
import type { Graph } from './graph.ts';

/** Every node that talks, and below it whom it talks to. Nodes without any edge are counted at the end. */
export function topologyText({ nodes, edges }: Graph, colours: Colours): string {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const byFrom = Map.groupBy(edges, ({ from }) => from);
  const busy = new Set(edges.flatMap(({ from, to }) => [from, to]));
  const quiet = nodes.filter(({ id }) => !busy.has(id));
  const lines: string[] = [];
  for (const node of nodes) {
    const own = byFrom.get(node.id) ?? [];
    if (own.length === 0) continue;
    lines.push(colours.bold(printable(nodeName(node, node.id))) + tags(node, colours));
    const names = own.map(({ to }) => printable(nodeName(byId.get(to), to)));
    const widest = Math.max(...names.map(({ length }) => length));
    for (const [index, edge] of own.entries()) {
      const paint = { idle: colours.dim, good: colours.green, poor: colours.yellow, bad: colours.red };
      const tls = edge.mutualTls ? 'mTLS     ' : 'plaintext';
      const name = (names[index] ?? '').padEnd(widest);
      lines.push(
        `  ${index === own.length - 1 ? '└─' : '├─'}▶ ${name}  ${tls}  ${edge.protocol.padEnd(4)}  ${paint[edgeHealth(edge)](edgeText(edge))}`,
      );
    }
    lines.push('');
  }
  if (lines.length === 0) lines.push('no traffic within the window', '');
  if (quiet.length > 0)
    lines.push(`quiet: ${quiet.map((node) => printable(nodeName(node, node.id))).join(', ')}`, '');
  return `${lines.join('\n').trimEnd()}\n`;
}

function tags({ kind, inMesh, waypoint }: TopologyNode, colours: Colours): string {
  const words = [
    ...(kind === 'outside' ? ['outside'] : inMesh ? [] : ['not in the mesh']),
    ...(waypoint === '' ? [] : [`waypoint ${waypoint}`]),
  ];
  return words.length === 0 ? '' : colours.dim(`  (${words.join(', ')})`);
}
