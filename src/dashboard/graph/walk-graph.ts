import type { Graph } from './graph.ts';
import type { GraphLayout } from './layout.ts';

/**
 * Where an arrow key leads from a node: along the direction of the drawing to one that it calls, against it to one that calls
 * it, across to the nearest on that side. The same node when there is none, or the key is another.
 */
export function walkGraph(graph: Graph, layout: GraphLayout, from: string, key: string): string {
  const here = layout.nodes.get(from);
  if (here === undefined) return graph.nodes[0]?.id ?? from;
  const way = WAYS[layout.direction][key];
  if (way === undefined) return from;
  const isDown = layout.direction === 'down';
  const reachable = candidates(graph, from, way).flatMap((id) => {
    const there = layout.nodes.get(id);
    if (there === undefined || id === from) return [];
    const [dx, dy] = [there.x - here.x, there.y - here.y];
    const [along, across] = isDown ? [dy, dx] : [dx, dy];
    if ((way === 'before' && across >= 0) || (way === 'after' && across <= 0)) return [];
    // Across stays in its rank as long as that goes on.
    const cost = way === 'before' || way === 'after' ? 4 : 1;
    return [{ id, distance: Math.hypot(along * cost, across) }];
  });
  return reachable.sort((a, b) => a.distance - b.distance)[0]?.id ?? from;
}

type Way = 'called' | 'caller' | 'before' | 'after';

function candidates(graph: Graph, from: string, way: Way): readonly string[] {
  if (way === 'called') return graph.edges.filter((edge) => edge.from === from).map((edge) => edge.to);
  if (way === 'caller') return graph.edges.filter((edge) => edge.to === from).map((edge) => edge.from);
  return graph.nodes.map((node) => node.id);
}

const WAYS: Readonly<Record<GraphLayout['direction'], Readonly<Record<string, Way>>>> = {
  right: { ArrowRight: 'called', ArrowLeft: 'caller', ArrowUp: 'before', ArrowDown: 'after' },
  down: { ArrowDown: 'called', ArrowUp: 'caller', ArrowLeft: 'before', ArrowRight: 'after' },
};
