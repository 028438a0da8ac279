import type { Topology, TopologyEdge, TopologyNode } from '../../../model/index.ts';
import { compareText } from '../traffic/ends.ts';

/** The part of a topology that is drawn, in an order that does not change from one look to the next. */
export interface Graph {
  readonly seconds: number;
  readonly nodes: readonly TopologyNode[];
  readonly edges: readonly TopologyEdge[];
}

/** With a namespace: what is in it, and what it talks with. */
export function graphOf(topology: Topology, namespace: string | undefined): Graph {
  const all = new Map(topology.nodes.map((node) => [node.id, node]));
  const isIn = (id: string): boolean => namespace === undefined || all.get(id)?.namespace === namespace;
  const edges = topology.edges
    .filter(({ from, to }) => all.has(from) && all.has(to) && (isIn(from) || isIn(to)))
    .toSorted(
      (a, b) => compareText(a.from, b.from) || compareText(a.to, b.to) || compareText(a.protocol, b.protocol),
    );
  const touched = new Set(edges.flatMap(({ from, to }) => [from, to]));
  const nodes = topology.nodes
    .filter(({ id }) => isIn(id) || touched.has(id))
    .toSorted((a, b) => compareText(a.id, b.id));
  return { seconds: topology.seconds, nodes, edges };
}
