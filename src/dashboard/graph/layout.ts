import { Graph as DagreGraph, layout as runDagre } from '@dagrejs/dagre';
import type { Graph } from './graph.ts';

/** In pixels, from the upper left. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where servers are, seen from their clients. */
export type Direction = 'right' | 'down';

/** Where everything of a graph goes, in pixels from the upper left. */
export interface GraphLayout {
  readonly direction: Direction;
  readonly width: number;
  readonly height: number;
  /** Middle of each node's box, by its id. */
  readonly nodes: ReadonlyMap<string, Point>;
  /** The line of each edge by its id, and the middle of its label. */
  readonly edges: ReadonlyMap<string, { readonly points: readonly Point[]; readonly label: Point }>;
}

export const NODE_WIDTH = 172;
export const NODE_HEIGHT = 46;
const NODES_TRIED_TWICE = 30;
const LABEL = { width: 104, height: 34 };

/**
 * Places nodes in ranks from clients to servers, with room for labels when they are drawn; in the direction that lets a small
 * graph be drawn larger in a frame that is `aspect` times as wide as it is high. Larger graphs go to the right, in a frame that is
 * higher than wide down: to try both would take too long.
 */
export function layoutGraph(graph: Graph, hasLabels: boolean, aspect: number): GraphLayout {
  if (graph.nodes.length > NODES_TRIED_TWICE) return place(graph, hasLabels, aspect < 1 ? 'down' : 'right');
  const right = place(graph, hasLabels, 'right');
  const down = place(graph, hasLabels, 'down');
  return scaleOf(down, aspect) > scaleOf(right, aspect) ? down : right;
}

/** How large it can be drawn. */
function scaleOf({ width, height }: GraphLayout, aspect: number): number {
  return Math.min(aspect / width, 1 / height);
}

function place(graph: Graph, hasLabels: boolean, direction: Direction): GraphLayout {
  const dagre = new DagreGraph();
  dagre.setGraph({
    rankdir: direction === 'right' ? 'LR' : 'TB',
    nodesep: hasLabels ? 26 : 16,
    edgesep: 14,
    ranksep: hasLabels ? (direction === 'right' ? 34 : 22) : 70,
    marginx: 12,
    marginy: 12,
  });
  dagre.setDefaultEdgeLabel(() => ({}));
  for (const node of graph.nodes) dagre.setNode(node.id, { width: NODE_WIDTH, height: NODE_HEIGHT });
  for (const edge of graph.edges) {
    dagre.setEdge(edge.from, edge.to, hasLabels ? { ...LABEL, labelpos: 'c' } : {});
  }
  runDagre(dagre);
  const size = dagre.graph();
  return {
    direction,
    width: sizeOf(size.width),
    height: sizeOf(size.height),
    nodes: new Map(graph.nodes.map((node) => [node.id, pointOf(dagre.node(node.id))])),
    edges: new Map(
      graph.edges.map((edge) => {
        const placed = dagre.edge(edge.from, edge.to);
        const points = (placed.points ?? []).map(pointOf);
        const middle = points[Math.floor(points.length / 2)] ?? { x: 0, y: 0 };
        return [edge.id, { points, label: placed.x === undefined ? middle : pointOf(placed) }];
      }),
    ),
  };
}

/** What must stay the same for a layout to stay good: the names of nodes and edges, whatever their rates. */
export function layoutKey(graph: Graph): string {
  return [...graph.nodes.map((node) => node.id), '', ...graph.edges.map((edge) => edge.id)].join('\n');
}

/** A smooth path of SVG through the points of an edge. */
export function pathThrough(points: readonly Point[]): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (first === undefined || last === undefined) return '';
  const between = rest.slice(0, -1).map((point, index) => {
    const next = rest[index + 1] ?? last;
    const isLast = index === rest.length - 2;
    const end = isLast ? last : { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 };
    return `Q${at(point)} ${at(end)}`;
  });
  return `M${at(first)}${between.length === 0 ? `L${at(last)}` : between.join('')}`;
}

function at({ x, y }: Point): string {
  return `${x.toFixed(1)},${y.toFixed(1)}`;
}

function pointOf(placed: { readonly x?: number; readonly y?: number }): Point {
  return { x: placed.x ?? 0, y: placed.y ?? 0 };
}

/** An empty graph has no finite size. */
function sizeOf(size: number | undefined): number {
  return size === undefined || !Number.isFinite(size) ? 0 : Math.ceil(size);
}
