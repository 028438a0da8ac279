import { Graph as LayoutGraph, layout } from '@dagrejs/dagre';
import type { TopologyEdge, TopologyNode } from '../../../model/index.ts';
import { edgeText } from './edge-text.ts';
import type { Graph } from './graph.ts';

/** In pixels, from the upper left. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A rectangle by its middle, in pixels. */
export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

/** Where everything is drawn. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly namespaces: readonly (Box & { readonly name: string })[];
  readonly nodes: readonly (Box & { readonly node: TopologyNode })[];
  readonly edges: readonly {
    readonly edge: TopologyEdge;
    readonly points: readonly Point[];
    /** Middle of its label. */
    readonly label: Box;
  }[];
}

/** Widths of the fonts that svg.ts sets, generously: nobody measures text here. */
const NODE_GLYPH = 8;
const LABEL_GLYPH = 6.3;
const NODE_HEIGHT = 44;
const LABEL_HEIGHT = 16;
/** Between the outline of a namespace and what is in it; its name stands in the upper part. */
const MARGIN = 24;

/** Places nodes in ranks from left to right, each namespace in a rectangle of its own. */
export function layOut({ nodes, edges }: Graph): Drawing {
  const graph = new LayoutGraph({ compound: true, multigraph: true, directed: true });
  graph.setGraph({ rankdir: 'LR', nodesep: 28, ranksep: 60, edgesep: 16, marginx: MARGIN, marginy: MARGIN });
  graph.setDefaultEdgeLabel(() => ({}));
  const namespaces = [...new Set(nodes.map(({ namespace }) => namespace))].filter((name) => name !== '');
  for (const name of namespaces) graph.setNode(groupId(name), {});
  for (const node of nodes) {
    graph.setNode(node.id, { width: nodeWidth(node), height: NODE_HEIGHT });
    if (node.namespace !== '') graph.setParent(node.id, groupId(node.namespace));
  }
  for (const edge of edges) {
    const size = { width: edgeText(edge).length * LABEL_GLYPH + 24, height: LABEL_HEIGHT, labelpos: 'c' };
    graph.setEdge(edge.from, edge.to, size, edge.protocol + edge.mutualTls);
  }
  layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return {
    // A graph without anything has no size.
    width: Math.max(0, width) || 2 * MARGIN,
    height: Math.max(0, height) || 2 * MARGIN,
    namespaces: namespaces.map((name) => ({ name, ...boxOf(graph.node(groupId(name))) })),
    nodes: nodes.map((node) => ({ node, ...boxOf(graph.node(node.id)) })),
    edges: edges.map((edge) => {
      const placed = graph.edge(edge.from, edge.to, edge.protocol + edge.mutualTls) as unknown as Box & {
        points?: readonly Point[];
      };
      return { edge, points: placed.points ?? [], label: boxOf(placed) };
    }),
  };
}

/** Ids of nodes begin with their kind, so none is the same. */
function groupId(namespace: string): string {
  return `namespace/${namespace}`;
}

function nodeWidth(node: TopologyNode): number {
  return Math.max(node.name.length * NODE_GLYPH, nodeRemark(node).length * LABEL_GLYPH, 48) + 24;
}

/** What stands below a node's name. */
export function nodeRemark({ kind, inMesh, waypoint }: TopologyNode): string {
  if (waypoint !== '') return `via ${waypoint}`;
  return kind === 'workload' && !inMesh ? 'not in the mesh' : kind;
}

function boxOf({ x = 0, y = 0, width = 0, height = 0 }: Partial<Box>): Box {
  return { x, y, width, height };
}
