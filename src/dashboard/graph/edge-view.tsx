import type { JSX } from 'preact';
import { formatByteRate, formatLatency, formatPercent, formatRate } from '../format/numbers.ts';
import { iconPath } from '../parts/icons.tsx';
import { edgeHealth, type Health, healthOf, volumeOf } from '../traffic/health.ts';
import type { GraphEdge } from './graph.ts';
import { type GraphLayout, pathThrough } from './layout.ts';

interface EdgeProps {
  readonly edge: GraphEdge;
  readonly layout: GraphLayout;
  readonly hasLabel: boolean;
  readonly isChosen: boolean;
  readonly isFaint: boolean;
  readonly onChoose: () => void;
}

/** A line from client to server: thicker for more, coloured and dashed by its health, with what people ask of it in two lines. */
export function EdgeView({
  edge,
  layout,
  hasLabel,
  isChosen,
  isFaint,
  onChoose,
}: EdgeProps): JSX.Element | null {
  const placed = layout.edges.get(edge.id);
  if (placed === undefined) return null;
  const health = edgeHealth(edge);
  const path = pathThrough(placed.points);
  const width = 1.25 + Math.min(3, Math.log10(1 + volumeOf(edge.rates)));
  const classes = ['edge', `edge-${health}`, isChosen && 'chosen', isFaint && 'faint']
    .filter(Boolean)
    .join(' ');
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a shortcut for the mouse; by keyboard edges are reached in the table and in the details of their ends.
    <g class={classes} onClick={onChoose}>
      <path class="edge-reach" d={path} />
      <path
        class="edge-line"
        d={path}
        style={{ strokeWidth: `${width}px` }}
        marker-end={`url(#arrow-${health})`}
      />
      {health !== 'idle' && <path class="edge-flow" d={path} />}
      {hasLabel && <EdgeLabel edge={edge} health={health} x={placed.label.x} y={placed.label.y} />}
    </g>
  );
}

function EdgeLabel(props: {
  readonly edge: GraphEdge;
  readonly health: Health;
  readonly x: number;
  readonly y: number;
}): JSX.Element {
  const { rates, mutualTls } = props.edge;
  // Of what is only slow the time tells more.
  const isFailing = ['warn', 'bad'].includes(healthOf(rates));
  const second = isFailing ? `${formatPercent(rates.success)} ok` : latencyOf(props.edge);
  return (
    <g class="edge-label" transform={`translate(${props.x},${props.y})`}>
      <rect x="-50" y="-17" width="100" height="34" rx="6" />
      <g class={mutualTls ? 'edge-lock' : 'edge-lock open'} transform="translate(-45,-15) scale(0.75)">
        <path d={iconPath(mutualTls ? 'lock' : 'unlocked')} />
      </g>
      <text x="6" y="-4">
        {formatRate(volumeOf(rates))}
      </text>
      <text x="0" y="11" class="edge-second">
        {second}
      </text>
    </g>
  );
}

/** How slow it is; of connections that only stay open, how much they carry. */
function latencyOf({ rates, protocols }: GraphEdge): string {
  if (rates.p99Ms !== undefined) return `p99 ${formatLatency(rates.p99Ms)}`;
  const bytes = rates.sentBytes + rates.receivedBytes;
  return bytes === 0 ? protocols.join(', ') : formatByteRate(bytes);
}
