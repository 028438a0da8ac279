import type { TopologyNode } from '../../../model/index.ts';
import { edgeHealth, edgeText } from './edge-text.ts';
import type { Graph } from './graph.ts';

const COLOURS = { idle: '#8a8f98', good: '#1a7f37', poor: '#9a6700', bad: '#cf222e' } as const;

/** For Graphviz: namespaces are clusters, services ellipses, workloads boxes; a dashed edge is plaintext. */
export function topologyDot({ nodes, edges }: Graph): string {
  const lines = [
    'digraph mesh {',
    '  rankdir=LR;',
    '  graph [fontname="sans-serif"]; node [fontname="sans-serif", shape=box, style=rounded]; edge [fontname="sans-serif", fontsize=10];',
  ];
  const namespaces = new Set(nodes.map(({ namespace }) => namespace));
  for (const namespace of namespaces) {
    const own = nodes.filter((node) => node.namespace === namespace);
    if (namespace === '') {
      for (const node of own) lines.push(`  ${dotNode(node)}`);
      continue;
    }
    lines.push(`  subgraph ${quoted(`cluster_${namespace}`)} {`, `    label=${quoted(namespace)};`);
    for (const node of own) lines.push(`    ${dotNode(node)}`);
    lines.push('  }');
  }
  for (const edge of edges) {
    const colour = COLOURS[edgeHealth(edge)];
    const style = edge.mutualTls ? 'solid' : 'dashed';
    lines.push(
      `  ${quoted(edge.from)} -> ${quoted(edge.to)} [label=${quoted(edgeText(edge))}, style=${style}, color="${colour}"];`,
    );
  }
  return `${[...lines, '}'].join('\n')}\n`;
}

function dotNode({ id, kind, name, inMesh, waypoint }: TopologyNode): string {
  const shape = { workload: 'box', service: 'ellipse', outside: 'plaintext' }[kind];
  const label = waypoint === '' ? name : `${name}\nwaypoint ${waypoint}`;
  const outline = inMesh || kind === 'outside' ? '' : ', color="#8a8f98", fontcolor="#8a8f98"';
  return `${quoted(id)} [label=${quoted(label)}, shape=${shape}${outline}];`;
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
