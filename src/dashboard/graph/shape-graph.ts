import { volumeOf } from '../traffic/health.ts';
import { type Graph, type GraphNode, graphOf, mergeNodes } from './graph.ts';

/** What of the topology is drawn. */
export interface Shape {
  /** Only this namespace and who talks to it; all when empty. */
  readonly namespace: string;
  /** Only what has this text in its name, and who talks to it; all when empty. */
  readonly search: string;
  /** Whether a service and the one workload behind it are two boxes. */
  readonly servicesApart: boolean;
  /** More boxes than this are put together by namespace; and what is left beyond it into one. */
  readonly most: number;
}

/** The graph to draw of a topology: never more than `most` boxes, so that it can be read and drawn at once. */
export function shapeGraph(topology: Parameters<typeof graphOf>[0], shape: Shape): Graph {
  const whole = graphOf(topology);
  const joined = shape.servicesApart ? whole : joinServices(whole);
  return capGraph(filterGraph(joined, shape), shape);
}

/** A service that one workload of its namespace answers for, and that calls reach by the service alone, is one box with it. */
function joinServices(graph: Graph): Graph {
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  const edgesFrom = Map.groupBy(graph.edges, (edge) => edge.from);
  const partner = new Map<string, GraphNode>();
  for (const node of graph.nodes) {
    if (node.kind !== 'service') continue;
    const behind = (edgesFrom.get(node.id) ?? []).map((edge) => byId.get(edge.to));
    const [only] = behind;
    const isPair = behind.length === 1 && only?.kind === 'workload' && only.namespace === node.namespace;
    if (isPair && !partner.has(only.id)) partner.set(node.id, only).set(only.id, only);
  }
  const joined = mergeNodes(graph, (node) => partner.get(node.id) ?? node);
  // The way from the service to its own workload is no traffic inside of anything: it was counted on the way to the service.
  const isPair = new Set([...partner.values()].map((node) => node.id));
  return {
    ...joined,
    nodes: joined.nodes.map((node) =>
      isPair.has(node.id) ? { ...node, inside: undefined, waypoint: waypointOf(node, byId) } : node,
    ),
  };
}

function waypointOf(node: GraphNode, byId: ReadonlyMap<string, GraphNode>): string {
  return node.members.map((id) => byId.get(id)?.waypoint ?? '').find((name) => name !== '') ?? '';
}

function filterGraph(graph: Graph, { namespace, search }: Shape): Graph {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (namespace === '' && words.length === 0) return graph;
  const isMatch = (node: GraphNode): boolean =>
    (namespace === '' || node.namespace === namespace) &&
    words.every((word) => `${node.namespace}/${node.name}`.toLowerCase().includes(word));
  const found = new Set(graph.nodes.filter(isMatch).map((node) => node.id));
  const edges = graph.edges.filter((edge) => found.has(edge.from) || found.has(edge.to));
  const shown = new Set([...found, ...edges.flatMap((edge) => [edge.from, edge.to])]);
  return { nodes: graph.nodes.filter((node) => shown.has(node.id)), edges };
}

function capGraph(graph: Graph, { namespace, most }: Shape): Graph {
  if (graph.nodes.length <= most) return graph;
  const grouped = mergeNodes(graph, (node) => (node.namespace === namespace ? node : groupOf(node)));
  if (grouped.nodes.length <= most) return grouped;
  const volume = new Map<string, number>();
  for (const { from, to, rates } of grouped.edges) {
    for (const id of [from, to]) volume.set(id, (volume.get(id) ?? 0) + volumeOf(rates));
  }
  const busiest = [...grouped.nodes].sort((a, b) => (volume.get(b.id) ?? 0) - (volume.get(a.id) ?? 0));
  const kept = new Set(busiest.slice(0, most - 1).map((node) => node.id));
  const rest = { ...REST, name: `${grouped.nodes.length - kept.size} more` };
  return mergeNodes(grouped, (node) => (kept.has(node.id) ? node : rest));
}

function groupOf(node: GraphNode): GraphNode {
  if (node.kind === 'outside') return { ...node, id: 'outside/*', name: 'outside' };
  return {
    ...node,
    id: `namespace/${node.namespace}`,
    kind: 'namespace',
    name: node.namespace,
    waypoint: '',
  };
}

const REST: GraphNode = {
  id: 'rest',
  kind: 'rest',
  namespace: '',
  name: '',
  inMesh: true,
  waypoint: '',
  members: [],
  inside: undefined,
};
