import type { JSX } from 'preact';
import { iconPath } from '../parts/icons.tsx';
import { edgeHealth, HEALTH_WORDS, type Health, healthOf, worse } from '../traffic/health.ts';
import type { Graph, GraphNode } from './graph.ts';
import { type GraphLayout, NODE_HEIGHT, NODE_WIDTH } from './layout.ts';

interface NodeProps {
  readonly node: GraphNode;
  readonly graph: Graph;
  readonly layout: GraphLayout;
  readonly isChosen: boolean;
  readonly isFaint: boolean;
  /** Whether the Tab key comes here: one node of the graph alone. */
  readonly isEntry: boolean;
  readonly onChoose: () => void;
  readonly onKey: (event: KeyboardEvent) => void;
  readonly onFocus: () => void;
}

/** A box of the graph. */
export function NodeView(props: NodeProps): JSX.Element | null {
  const { node, graph, layout } = props;
  const at = layout.nodes.get(node.id);
  if (at === undefined) return null;
  const health = nodeHealth(node, graph);
  const classes = [
    'node',
    `node-${node.kind}`,
    `node-is-${health}`,
    props.isChosen && 'chosen',
    props.isFaint && 'faint',
  ].filter(Boolean);
  return (
    // biome-ignore lint/a11y/useSemanticElements: HTML's button cannot stand in SVG
    <g
      class={classes.join(' ')}
      transform={`translate(${at.x - NODE_WIDTH / 2},${at.y - NODE_HEIGHT / 2})`}
      role="button"
      tabIndex={props.isEntry ? 0 : -1}
      data-node={node.id}
      aria-label={sayNode(node, health, graph)}
      aria-pressed={props.isChosen}
      onClick={props.onChoose}
      onFocus={props.onFocus}
      onKeyDown={props.onKey}
    >
      <rect
        class="node-box"
        width={NODE_WIDTH}
        height={NODE_HEIGHT}
        rx={node.kind === 'service' ? NODE_HEIGHT / 2 : 9}
      />
      <circle class="node-health" cx="15" cy={NODE_HEIGHT / 2} r="4.5" />
      <text class="node-name" x="28" y="20">
        {drawnName(node)}
      </text>{' '}
      <text class="node-what" x="28" y="35">
        {drawnWhat(node)}
      </text>
      {node.inMesh && (
        <g class="node-lock" transform={`translate(${NODE_WIDTH - 19},7) scale(0.8)`}>
          <path d={iconPath('lock')} />
        </g>
      )}
      {node.waypoint !== '' && (
        <g class="node-waypoint" transform={`translate(${NODE_WIDTH - 19},25) scale(0.8)`}>
          <path d={iconPath('waypoints')} />
        </g>
      )}
    </g>
  );
}

/** The worst of what comes to a node, and of what happens inside of it. */
export function nodeHealth(node: GraphNode, graph: Graph): Health {
  const incoming = graph.edges.filter((edge) => edge.to === node.id).map(edgeHealth);
  return incoming.reduce(worse, node.inside === undefined ? 'idle' : healthOf(node.inside));
}

/** In words what a box is, below its name. */
export function whatOf(node: GraphNode): string {
  switch (node.kind) {
    case 'namespace':
      return `namespace, ${node.members.length} parts`;
    case 'rest':
      return 'not drawn one by one';
    case 'outside':
      return node.members.length > 1 ? `${node.members.length} addresses` : 'outside of the mesh';
    case 'service':
      return `service in ${node.namespace}`;
    case 'workload':
      return node.members.some((id) => id.startsWith('service/'))
        ? `${node.namespace}, with service`
        : node.namespace;
  }
}

function sayNode(node: GraphNode, health: Health, graph: Graph): string {
  const calls = graph.edges.filter((edge) => edge.from === node.id).length;
  const callers = graph.edges.filter((edge) => edge.to === node.id).length;
  const mesh = node.inMesh ? 'in the mesh' : 'not in the mesh';
  // It begins with what is drawn, so that whoever says what they see is understood.
  const drawn = `${drawnName(node)} ${drawnWhat(node)}`;
  const whole = drawnName(node) === node.name ? '' : `${node.name}, `;
  return `${drawn}, ${whole}${mesh}, ${HEALTH_WORDS[health]}, calls ${calls}, called by ${callers}`;
}

function drawnName(node: GraphNode): string {
  return shorten(node.name, 20);
}

function drawnWhat(node: GraphNode): string {
  return shorten(whatOf(node), 24);
}

function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
