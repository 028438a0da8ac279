import type { Topology, TopologyEdge, TopologyNode, WorkloadView } from '../../../model/index.ts';
import type { Column, Layout } from '../columns.ts';
import { tableOf } from '../columns.ts';
import { orDash } from '../numbers.ts';
import { busyness, compareText, shortIdentity } from './ends.ts';
import { rateColumns } from './rate-columns.ts';

/** One line of `nodemesh edges`: who talks to whom, as whom. */
export interface EdgeRow {
  /** `shop/cart`, `service shop/cart`, or an address outside of the mesh. */
  readonly source: string;
  readonly destination: string;
  /** SPIFFE ID that the client proved; empty without mutual TLS. */
  readonly clientIdentity: string;
  /** Of a service: those of the workloads that answered for it. */
  readonly serverIdentities: readonly string[];
  readonly mutualTls: boolean;
  readonly protocol: TopologyEdge['protocol'];
  readonly waypoint: string;
  readonly rates: TopologyEdge['rates'];
}

/** Edges from a client; those between a service and its own workloads only with `all`. The busiest first. */
export function edgeRows(
  topology: Topology,
  workloads: readonly WorkloadView[],
  filter: { readonly namespace: string | undefined; readonly all: boolean },
): readonly EdgeRow[] {
  const nodes = new Map(topology.nodes.map((node) => [node.id, node]));
  const identities = identitiesOf(topology, workloads);
  const { namespace, all } = filter;
  return topology.edges
    .filter(({ from }) => all || nodes.get(from)?.kind !== 'service')
    .filter(
      ({ from, to }) =>
        namespace === undefined ||
        nodes.get(from)?.namespace === namespace ||
        nodes.get(to)?.namespace === namespace,
    )
    .map(({ from, to, mutualTls, protocol, rates }) => ({
      source: nodeName(nodes.get(from), from),
      destination: nodeName(nodes.get(to), to),
      clientIdentity:
        mutualTls && nodes.get(from)?.kind === 'workload' ? (identities.get(from)?.[0] ?? '') : '',
      serverIdentities: mutualTls ? (identities.get(to) ?? []) : [],
      mutualTls,
      protocol,
      waypoint: nodes.get(to)?.waypoint ?? '',
      rates,
    }))
    .toSorted(
      (a, b) =>
        busyness(b.rates) - busyness(a.rates) ||
        compareText(a.source, b.source) ||
        compareText(a.destination, b.destination),
    );
}

/** For people; in the order of `rows`. */
export function edgeTable(rows: readonly EdgeRow[], layout: Layout): string {
  const columns: readonly Column<EdgeRow>[] = [
    { title: 'SOURCE', cell: ({ source }) => source },
    { title: 'DESTINATION', cell: ({ destination }) => destination },
    { title: 'MTLS', cell: ({ mutualTls }) => (mutualTls ? 'yes' : 'no') },
    {
      title: 'CLIENT IDENTITY',
      cell: ({ clientIdentity }) => orDash(shortIdentity(clientIdentity)),
      spare: 4,
    },
    {
      title: 'SERVER IDENTITY',
      cell: ({ serverIdentities }) => orDash(serverIdentities.map(shortIdentity).join(',')),
      spare: 5,
    },
    { title: 'PROTOCOL', cell: ({ protocol }) => protocol, spare: 6 },
    { title: 'WAYPOINT', cell: ({ waypoint }) => orDash(waypoint), wide: true },
    ...rateColumns<EdgeRow>(),
  ];
  return tableOf(columns, rows, layout);
}

/** A node of the graph in words. */
export function nodeName(node: TopologyNode | undefined, id: string): string {
  if (node === undefined) return id;
  if (node.kind === 'outside') return node.name;
  const name = `${node.namespace}/${node.name}`;
  return node.kind === 'service' ? `service ${name}` : name;
}

/** By the id of a node: a workload's own identity, or those of the workloads behind a service. */
function identitiesOf(
  { nodes, edges }: Topology,
  workloads: readonly WorkloadView[],
): ReadonlyMap<string, readonly string[]> {
  const own = new Map(
    workloads.map(({ namespace, workload, identity }) => [`workload/${namespace}/${workload}`, identity]),
  );
  const behind = Map.groupBy(edges, ({ from }) => from);
  return new Map(
    nodes.map(({ id, kind }) => {
      const ids = kind === 'service' ? (behind.get(id) ?? []).map(({ to }) => to) : [id];
      const identities = ids.map((each) => own.get(each) ?? '').filter((identity) => identity !== '');
      return [id, [...new Set(identities)]];
    }),
  );
}
