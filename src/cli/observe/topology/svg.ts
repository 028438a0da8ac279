import { edgeHealth, edgeText } from './edge-text.ts';
import type { Graph } from './graph.ts';
import { type Drawing, layOut, nodeRemark, type Point } from './layout.ts';

/** Dark where the reader's desktop is. */
const STYLE = `
svg{--page:#fff;--text:#1f2328;--dim:#656d76;--line:#d0d7de;--box:#f6f8fa;--good:#1a7f37;--poor:#9a6700;--bad:#cf222e;--idle:#8a8f98}
@media(prefers-color-scheme:dark){svg{--page:#0d1117;--text:#e6edf3;--dim:#9198a1;--line:#3d444d;--box:#151b23;--good:#3fb950;--poor:#d29922;--bad:#f85149;--idle:#7d8590}}
.page{fill:var(--page)} text{font:13px system-ui,sans-serif;fill:var(--text)} .dim{fill:var(--dim);font-size:11px}
.ns{fill:none;stroke:var(--line);stroke-dasharray:2 3} .node{fill:var(--box);stroke:var(--dim)} .out{stroke-dasharray:4 3}
.edge{fill:none;stroke-width:1.6} .plain{stroke-dasharray:5 4} .label{font-size:11px} .lock{fill:var(--dim)}
.good{stroke:var(--good)} .poor{stroke:var(--poor)} .bad{stroke:var(--bad)} .idle{stroke:var(--idle)} marker path{stroke:none}
.f-good{fill:var(--good)} .f-poor{fill:var(--poor)} .f-bad{fill:var(--bad)} .f-idle{fill:var(--idle)}
`;

/** A picture that stands alone: no script, font or image from elsewhere. A lock is mutual TLS, a dashed edge plaintext. */
export function topologySvg(graph: Graph): string {
  const drawing = layOut(graph);
  const { width, height } = drawing;
  const size = `${Math.ceil(width)}" height="${Math.ceil(height)}" viewBox="0 0 ${Math.ceil(width)} ${Math.ceil(height)}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" role="img" aria-labelledby="title">
<title id="title">${escaped(titleOf(graph))}</title>
<style>${STYLE}</style>
<defs>${(['good', 'poor', 'bad', 'idle'] as const).map(arrowHead).join('')}</defs>
<rect class="page" width="100%" height="100%"/>
${[...namespaceShapes(drawing), ...edgeShapes(drawing), ...nodeShapes(drawing)].join('\n')}
</svg>
`;
}

function titleOf({ nodes, edges, seconds }: Graph): string {
  return `${nodes.length} services and workloads, ${edges.length} edges, over ${seconds} seconds`;
}

function arrowHead(health: string): string {
  return `<marker id="to-${health}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="f-${health}" d="M0 0 8 4 0 8z"/></marker>`;
}

function namespaceShapes({ namespaces }: Drawing): readonly string[] {
  return namespaces.map(({ name, x, y, width, height }) => {
    const [left, top] = [x - width / 2, y - height / 2];
    return `<rect class="ns" x="${px(left)}" y="${px(top)}" width="${px(width)}" height="${px(height)}" rx="8"/><text class="dim" x="${px(left + 8)}" y="${px(top + 14)}">${escaped(name)}</text>`;
  });
}

function nodeShapes({ nodes }: Drawing): readonly string[] {
  return nodes.map(({ node, x, y, width, height }) => {
    const { kind, name, inMesh } = node;
    const outside = inMesh ? '' : ' out';
    // Services are round at their ends, workloads are boxes.
    const radius = kind === 'service' ? height / 2 : 6;
    return `<g><title>${escaped(node.id)}</title><rect class="node${outside}" x="${px(x - width / 2)}" y="${px(y - height / 2)}" width="${px(width)}" height="${px(height)}" rx="${px(radius)}"/><text x="${px(x)}" y="${px(y - 2)}" text-anchor="middle">${escaped(name)}</text><text class="dim" x="${px(x)}" y="${px(y + 14)}" text-anchor="middle">${escaped(nodeRemark(node))}</text></g>`;
  });
}

/** Labels come last, on a ground of their own: no line runs through a number. */
function edgeShapes({ edges }: Drawing): readonly string[] {
  const lines = edges.map(({ edge, points }) => {
    const health = edgeHealth(edge);
    const plain = edge.mutualTls ? '' : ' plain';
    const title = `${edge.from} → ${edge.to}, ${edge.protocol}, ${edge.mutualTls ? 'mutual TLS' : 'plaintext'}`;
    return `<g><title>${escaped(title)}</title><path class="edge ${health}${plain}" d="${pathOf(points)}" marker-end="url(#to-${health})"/></g>`;
  });
  const labels = edges.map(({ edge, label: { x, y, width, height } }) => {
    const left = x - width / 2;
    const ground = `<rect class="page" x="${px(left)}" y="${px(y - height / 2)}" width="${px(width)}" height="${px(height)}"/>`;
    const lock = edge.mutualTls ? `<path class="lock" d="M${px(left + 4)} ${px(y - 1)}${LOCK}"/>` : '';
    const middle = edge.mutualTls ? x + LOCK_WIDTH / 2 : x;
    return `${ground}${lock}<text class="label" x="${px(middle)}" y="${px(y + 4)}" text-anchor="middle">${escaped(edgeText(edge))}</text>`;
  });
  return [...lines, ...labels];
}

/** A padlock of 8 by 10 pixels from the left end of its body's upper side: not every machine has a font with one. */
const LOCK = 'h1v-2a3 3 0 0 1 6 0v2h1v6h-8zm2.2 0h3.6v-2a1.8 1.8 0 0 0-3.6 0z';
const LOCK_WIDTH = 14;

/** Through the middles of the segments, with the points as handles: bends instead of corners. */
function pathOf(points: readonly Point[]): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (first === undefined || last === undefined) return '';
  const bends = rest.slice(0, -1).map((point, index) => {
    const next = rest[index + 1] ?? last;
    return `Q${px(point.x)} ${px(point.y)} ${px((point.x + next.x) / 2)} ${px((point.y + next.y) / 2)}`;
  });
  return `M${px(first.x)} ${px(first.y)}${bends.join('')}L${px(last.x)} ${px(last.y)}`;
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Names come from objects and addresses from the network: neither may be markup. */
function escaped(text: string): string {
  return text
    .replace(/[^\P{Cc}\n\t]/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
