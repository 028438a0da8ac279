import type { Rates, Topology, TopologyEdge, TopologyNode } from '../../model/index.ts';
import { mergeRates } from '../traffic/merge-rates.ts';

/** What is drawn as one box: one node of the topology, or several that were put together. */
export interface GraphNode {
  readonly id: string;
  /** `namespace`: all of a namespace. `rest`: what was too much to draw. */
  readonly kind: TopologyNode['kind'] | 'namespace' | 'rest';
  readonly namespace: string;
  readonly name: string;
  readonly inMesh: boolean;
  readonly waypoint: string;
  /** Ids of the topology's nodes that it stands for. */
  readonly members: readonly string[];
  /** Of traffic among its own members; undefined without. */
  readonly inside: Rates | undefined;
}

/** What is drawn as one arrow: all traffic from one node to another. */
export interface GraphEdge {
  /** Unique in its graph: there is one edge at most from one node to another. */
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly protocols: readonly TopologyEdge['protocol'][];
  /** Whether all of it is mutually authenticated. */
  readonly mutualTls: boolean;
  readonly rates: Rates;
  /** Whether some of what answers is slow. */
  readonly slow: boolean;
}

/** What is drawn. Edges lead between its own nodes. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** The topology as it is, with parallel edges put together. */
export function graphOf(topology: Pick<Topology, 'nodes' | 'edges'>): Graph {
  const nodes = topology.nodes.map((node) => ({ ...node, members: [node.id], inside: undefined }));
  const edges = topology.edges.map((edge) => ({ ...edge, id: '', protocols: [edge.protocol] }));
  return mergeNodes({ nodes, edges }, (node) => node);
}

/**
 * Puts nodes together: `into` says which node each becomes (the same id: the same node; its members and inside are found
 * here). Edges follow their ends; those within a node become its inside, unless they led from a node to itself before.
 */
export function mergeNodes(graph: Graph, into: (node: GraphNode) => GraphNode): Graph {
  const target = new Map<string, GraphNode>();
  const merged = new Map<string, GraphNode[]>();
  for (const node of graph.nodes) {
    const become = into(node);
    target.set(node.id, become);
    addTo(merged, become.id, node);
  }
  const edges = new Map<string, GraphEdge[]>();
  const inside = new Map<string, Rates[]>();
  for (const edge of graph.edges) {
    const from = target.get(edge.from)?.id;
    const to = target.get(edge.to)?.id;
    if (from === undefined || to === undefined) continue;
    if (from === to && edge.from !== edge.to) addTo(inside, from, edge.rates);
    else addTo(edges, `${from} ${to}`, { ...edge, from, to });
  }
  return {
    nodes: [...merged].map(([id, parts]) => {
      const rates = [...parts.flatMap((part) => part.inside ?? []), ...(inside.get(id) ?? [])];
      return {
        ...(target.get(parts[0]?.id ?? '') as GraphNode),
        inMesh: parts.every((part) => part.inMesh),
        members: parts.flatMap((part) => part.members),
        inside: rates.length === 0 ? undefined : mergeRates(rates),
      };
    }),
    edges: [...edges].map(([id, parts]) => mergeEdges(id, parts)),
  };
}

function addTo<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function mergeEdges(id: string, parts: readonly GraphEdge[]): GraphEdge {
  const [first] = parts;
  if (first === undefined) throw new RangeError(`expected an edge for ${id}, got none`);
  return {
    id,
    from: first.from,
    to: first.to,
    protocols: [...new Set(parts.flatMap((part) => part.protocols))],
    mutualTls: parts.every((part) => part.mutualTls),
    slow: parts.some((part) => part.slow),
    rates: parts.length === 1 ? first.rates : mergeRates(parts.map((part) => part.rates)),
  };
}
