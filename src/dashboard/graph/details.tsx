import type { JSX } from 'preact';
import type { RefusalView } from '../../model/index.ts';
import { linkTo, setParameters } from '../app/router.ts';
import { useWorkloads } from '../data/feeds.ts';
import { endId, serviceId } from '../format/names.ts';
import {
  formatByteRate,
  formatLatency,
  formatNumber,
  formatPercent,
  formatRate,
  NOTHING,
} from '../format/numbers.ts';
import { Badge, Lock } from '../parts/badge.tsx';
import { Facts, SidePanel } from '../parts/side-panel.tsx';
import { RefusalList } from '../parts/refusal-list.tsx';
import { edgeHealth, HEALTH_WORDS, volumeOf } from '../traffic/health.ts';
import { EdgeTable } from './edge-table.tsx';
import type { Graph, GraphEdge, GraphNode } from './graph.ts';
import { nodeHealth, whatOf } from './node-view.tsx';

interface DetailsProps {
  readonly graph: Graph;
  readonly chosen: string;
  readonly refusals: readonly RefusalView[];
  readonly onChoose: (id: string) => void;
  readonly onClose: () => void;
}

/** What is known of the node or edge that was chosen; nothing when it has gone. */
export function Details(props: DetailsProps): JSX.Element | null {
  const node = props.graph.nodes.find(({ id }) => id === props.chosen);
  if (node !== undefined) return <NodeDetails {...props} node={node} />;
  const edge = props.graph.edges.find(({ id }) => id === props.chosen);
  return edge === undefined ? null : <EdgeDetails {...props} edge={edge} />;
}

function NodeDetails({
  node,
  graph,
  refusals,
  onClose,
  onChoose,
}: DetailsProps & { readonly node: GraphNode }): JSX.Element {
  const members = new Set(node.members);
  const pods = (useWorkloads().data?.workloads ?? []).filter((pod) =>
    members.has(`workload/${pod.namespace}/${pod.workload}`),
  );
  const health = nodeHealth(node, graph);
  const identities = [...new Set(pods.map((pod) => pod.identity))].filter((identity) => identity !== '');
  const touching = refusals.filter((refusal) => isAt(members, refusal));
  return (
    <SidePanel title={node.name} name={`Details of ${node.name}`} onClose={onClose}>
      <p>
        <Badge tone={health}>{HEALTH_WORDS[health]}</Badge> {whatOf(node)}
      </p>
      {node.kind === 'namespace' && (
        <p>
          <button type="button" onClick={() => setParameters({ namespace: node.namespace, chosen: '' })}>
            Look into {node.name}
          </button>
        </p>
      )}
      <Facts
        of={[
          ['In the mesh', node.inMesh ? 'yes' : 'no, or not all of it'],
          ['Waypoint', node.waypoint || NOTHING],
          [
            'Identity',
            identities.length === 0
              ? NOTHING
              : identities.slice(0, 5).map((identity) => <code key={identity}>{identity}</code>),
          ],
          [
            'Pods',
            pods.length === 0 ? (
              NOTHING
            ) : (
              <a href={linkTo('workloads', { search: node.name })}>{pods.length}, enrolment and cost</a>
            ),
          ],
        ]}
      />
      <EdgeTable
        title="Called by"
        graph={graph}
        edges={graph.edges.filter((edge) => edge.to === node.id)}
        onChoose={onChoose}
      />
      <EdgeTable
        title="Calls"
        graph={graph}
        edges={graph.edges.filter((edge) => edge.from === node.id)}
        onChoose={onChoose}
      />
      <h3>Refusals</h3>
      <RefusalList refusals={touching} most={5} />
    </SidePanel>
  );
}

function EdgeDetails({
  edge,
  graph,
  refusals,
  onClose,
}: DetailsProps & { readonly edge: GraphEdge }): JSX.Element {
  const [from, to] = [edge.from, edge.to].map((id) => graph.nodes.find((node) => node.id === id));
  const title = `${from?.name ?? edge.from} → ${to?.name ?? edge.to}`;
  const sources = new Set(from?.members ?? []);
  const targets = new Set(to?.members ?? []);
  const between = refusals.filter((refusal) => sources.has(endId(refusal.source)) && isTo(targets, refusal));
  const { rates } = edge;
  const health = edgeHealth(edge);
  return (
    <SidePanel title={title} name={`Details of ${title}`} onClose={onClose}>
      <p>
        <Badge tone={health}>{HEALTH_WORDS[health]}</Badge> <Lock mutualTls={edge.mutualTls} />{' '}
        {edge.mutualTls ? 'mutual TLS' : 'plaintext'}, {edge.protocols.join(', ')}
      </p>
      <Facts
        of={[
          ['Success', formatPercent(rates.success)],
          ['Requests', formatRate(rates.requests)],
          ['Connects', formatRate(rates.connects)],
          ['Refused', formatRate(rates.refused)],
          ['Failed', formatRate(rates.failed)],
          ['Retries', formatRate(rates.retries)],
          ['Slow', edge.slow ? <a href={linkTo('services')}>yes, see its service</a> : 'no'],
          ['p50 · p90 · p99', [rates.p50Ms, rates.p90Ms, rates.p99Ms].map(formatLatency).join(' · ')],
          ['To the client', formatByteRate(rates.sentBytes)],
          ['From the client', formatByteRate(rates.receivedBytes)],
          ['Over', `${formatNumber(rates.seconds)} s, ${volumeOf(rates) === 0 ? 'nothing passed' : 'live'}`],
        ]}
      />
      <h3>Refusals on this way</h3>
      <RefusalList refusals={between} most={8} />
    </SidePanel>
  );
}

function isAt(members: ReadonlySet<string>, refusal: RefusalView): boolean {
  return members.has(endId(refusal.source)) || isTo(members, refusal);
}

function isTo(members: ReadonlySet<string>, { destination, service }: RefusalView): boolean {
  return members.has(endId(destination)) || (service !== undefined && members.has(serviceId(service)));
}
