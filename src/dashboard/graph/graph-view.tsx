import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { EdgeView } from './edge-view.tsx';
import type { Graph } from './graph.ts';
import { isNarrow } from './narrow.ts';
import { layoutGraph, layoutKey } from './layout.ts';
import { NodeView } from './node-view.tsx';
import { showInFrame } from './show-in-frame.ts';
import { walkGraph } from './walk-graph.ts';

interface GraphViewProps {
  readonly label: string;
  readonly graph: Graph;
  /** Id of the node or edge whose details are shown; empty without. */
  readonly chosen: string;
  readonly onChoose: (id: string) => void;
  /** How many times as wide as high there is room for; 3 when absent. On a narrow screen it is less, whatever is said. */
  readonly aspect?: number;
}

/**
 * The graph as a drawing. One Tab stop leads into it; arrow keys walk along its edges, Enter shows details. What is not a
 * neighbour of what is chosen becomes faint.
 */
export function GraphView(props: GraphViewProps): JSX.Element {
  const { label, graph, chosen, onChoose } = props;
  const aspect = isNarrow.value ? NARROW_ASPECT : (props.aspect ?? 3);
  const drawing = useRef<SVGSVGElement>(null);
  const [entry, setEntry] = useState('');
  const [zoom, setZoom] = useState(1);
  const hasLabels = graph.edges.length <= EDGES_WITH_LABELS;
  const key = layoutKey(graph);
  // Rates do not move boxes.
  const layout = useMemo(() => layoutGraph(graph, hasLabels, aspect), [key, hasLabels, aspect]);
  const near = neighboursOf(graph, chosen);
  // Details beside it take room away, and an address may lead to what is further on.
  useEffect(() => {
    const frame = drawing.current?.parentElement;
    const node = drawing.current?.querySelector(`[data-node="${CSS.escape(chosen)}"]`);
    if (chosen !== '' && frame instanceof Element && node instanceof Element) showInFrame(frame, node);
  }, [chosen, layout]);
  const entryId = layout.nodes.has(entry) ? entry : (graph.nodes[0]?.id ?? '');
  const walk = (event: KeyboardEvent, from: string): void => {
    if (event.key === 'Enter' || event.key === ' ') onChoose(from);
    else if (!event.key.startsWith('Arrow')) return;
    else
      drawing.current
        ?.querySelector<SVGElement>(`[data-node="${CSS.escape(walkGraph(graph, layout, from, event.key))}"]`)
        ?.focus();
    event.preventDefault();
  };
  return (
    <div class="graph">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="graph-frame" aria-label={label} tabIndex={0}>
        {/* biome-ignore lint/a11y/useSemanticElements: an SVG of many parts is no field of a form */}
        <svg
          ref={drawing}
          class={hasLabels ? 'with-flow' : undefined}
          viewBox={`0 0 ${layout.width} ${layout.height}`}
          style={{
            width: zoom === 1 ? '100%' : `${layout.width * zoom}px`,
            minWidth: zoom === 1 ? `${layout.width * LEAST_SCALE}px` : '0',
            maxWidth: zoom === 1 ? `${layout.width * MOST_SCALE}px` : 'none',
          }}
          role="group"
          aria-label={`${label}: ${graph.nodes.length} nodes, ${graph.edges.length} edges. Arrow keys walk, Enter shows details.`}
        >
          <defs>
            {HEALTHS.map((health) => (
              <marker
                key={health}
                id={`arrow-${health}`}
                viewBox="0 0 8 8"
                refX="7"
                refY="4"
                markerWidth="9"
                markerHeight="9"
                markerUnits="userSpaceOnUse"
                orient="auto"
              >
                <path class={`arrow arrow-${health}`} d="M0 0 8 4 0 8Z" />
              </marker>
            ))}
          </defs>
          {graph.edges.map((edge) => (
            <EdgeView
              key={edge.id}
              edge={edge}
              layout={layout}
              hasLabel={hasLabels}
              isChosen={edge.id === chosen}
              isFaint={near !== undefined && !near.has(edge.id)}
              onChoose={() => onChoose(edge.id)}
            />
          ))}
          {graph.nodes.map((node) => (
            <NodeView
              key={node.id}
              node={node}
              graph={graph}
              layout={layout}
              isChosen={node.id === chosen}
              isFaint={near !== undefined && !near.has(node.id)}
              isEntry={node.id === entryId}
              onChoose={() => onChoose(node.id)}
              onFocus={() => setEntry(node.id)}
              onKey={(event) => walk(event, node.id)}
            />
          ))}
        </svg>
      </section>
      <div class="zoom">
        <button type="button" aria-label="Smaller" onClick={() => setZoom(Math.max(0.4, zoom / 1.25))}>
          −
        </button>
        <button type="button" onClick={() => setZoom(1)}>
          Fit
        </button>
        <button type="button" aria-label="Larger" onClick={() => setZoom(Math.min(3, zoom * 1.25))}>
          +
        </button>
      </div>
    </div>
  );
}

/** Ids of what is chosen and of what touches it; undefined when nothing is. */
function neighboursOf(graph: Graph, chosen: string): ReadonlySet<string> | undefined {
  const touching = graph.edges.filter((edge) => [edge.id, edge.from, edge.to].includes(chosen));
  const isKnown = touching.length > 0 || graph.nodes.some((node) => node.id === chosen);
  if (!isKnown) return undefined;
  return new Set([chosen, ...touching.flatMap((edge) => [edge.id, edge.from, edge.to])]);
}

/** Smaller, it cannot be read: then it scrolls. Larger, it looks odd. */
const LEAST_SCALE = 0.65;
const MOST_SCALE = 1.15;
/** With more, labels would hide what they name. */
const EDGES_WITH_LABELS = 36;
const NARROW_ASPECT = 0.9;
const HEALTHS = ['idle', 'good', 'warn', 'bad'] as const;
