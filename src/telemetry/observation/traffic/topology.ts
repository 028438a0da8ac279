import type { Topology, TopologyEdge, TopologyNode, TrafficEdge, TrafficEnd } from '../../../model/index.ts';
import { ratesOf } from './rates.ts';
import type { SlowBackend } from './slow-backends.ts';
import { Tally } from './tally.ts';
import { hasDestination } from './edge-ends.ts';
import type { EdgeTally } from './traffic-history.ts';

/** What is known of the nodes of the graph beside their traffic. All but the traffic itself is left out by default. */
export interface KnownNodes {
  /** Undefined: the workload is not known. */
  workloadInMesh(namespace: string, name: string): boolean | undefined;
  /** Undefined: the service is not known. */
  service(
    namespace: string,
    name: string,
  ): { readonly inMesh: boolean | undefined; readonly waypoint: string } | undefined;
}

/** What the graph is made from. */
export interface TopologyParts {
  /** Each connection and request once. */
  readonly observed: readonly EdgeTally[];
  readonly seconds: number;
  /** Only edges with an end in it; empty for all. */
  readonly namespace: string;
  readonly known: KnownNodes;
  readonly slow: readonly Pick<SlowBackend, 'service' | 'workload'>[];
}

interface Link {
  readonly from: string;
  readonly to: string;
  readonly tally: Tally;
  protocol: TrafficEdge['protocol'];
  /** Whether all of what was tried was, and all of what came through; undefined while nothing has come through. */
  tried: boolean;
  passed: boolean | undefined;
}

/** The graph: from workloads to the services that they dial, and on to the workloads that answer. */
export function topologyOf({ observed, seconds, namespace, known, slow }: TopologyParts): Topology {
  const nodes = new Map<string, TopologyNode>();
  const links = new Map<string, Link>();

  const node = (made: TopologyNode): string => {
    const { id } = made;
    const before = nodes.get(id);
    if (before === undefined) nodes.set(id, made);
    // Traffic proves enrolment where nobody knows the workload.
    else if (!before.inMesh && made.inMesh) nodes.set(id, { ...before, inMesh: true });
    return id;
  };

  const link = (from: string, to: string, { edge, tally }: EdgeTally): void => {
    const key = `${from}\n${to}`;
    const sum = links.get(key) ?? { from, to, tally: new Tally(), protocol: edge.protocol, ...NOTHING_YET };
    sum.tally.add(tally);
    sum.tried &&= edge.mutualTls;
    if (tally.opened > 0 || tally.requests > 0) sum.passed = (sum.passed ?? true) && edge.mutualTls;
    if (PROTOCOLS.indexOf(edge.protocol) > PROTOCOLS.indexOf(sum.protocol)) sum.protocol = edge.protocol;
    links.set(key, sum);
  };

  for (const counted of observed) {
    if (!concerns(counted.edge, namespace)) continue;
    const { edge } = counted;
    const from = node(endNode(edge.source, known));
    const to = hasDestination(edge) ? node(endNode(edge.destination, known)) : undefined;
    if (edge.service === undefined) {
      link(from, to ?? node(endNode(UNKNOWN, known)), counted);
      continue;
    }
    const service = node(serviceNode(edge, known));
    link(from, service, counted);
    if (to !== undefined) link(service, to, counted);
  }
  // Who dials a service may come to any of its workloads.
  const slowLinks = new Set(slow.map(({ service, workload }) => `service/${service}\nworkload/${workload}`));
  const slowServices = new Set(slow.map(({ service }) => `service/${service}`));
  return {
    seconds,
    nodes: [...nodes.values()],
    edges: [...links.values()].map((sum): TopologyEdge => {
      const { from, to, protocol, tried, passed } = sum;
      const isSlow = slowServices.has(to) || slowLinks.has(`${from}\n${to}`);
      const rates = ratesOf(sum.tally, seconds);
      // What did not get as far as a tunnel says nothing of those that there are.
      return { from, to, protocol, mutualTls: passed ?? tried, rates, slow: isSlow };
    }),
  };
}

/** Whether one of the ends of an edge is in the namespace; all edges are in the empty one. */
function concerns({ source, destination, service }: TrafficEdge, namespace: string): boolean {
  return (
    namespace === '' ||
    source.namespace === namespace ||
    destination.namespace === namespace ||
    service?.namespace === namespace
  );
}

function endNode(end: TrafficEnd, known: KnownNodes): TopologyNode {
  const { namespace, workload: name, identity } = end;
  if (namespace === '') {
    const address = name === '' ? 'unknown' : name;
    return {
      id: `outside/${address}`,
      kind: 'outside',
      namespace,
      name: address,
      inMesh: false,
      waypoint: '',
    };
  }
  const inMesh = known.workloadInMesh(namespace, name) ?? identity !== '';
  return { id: `workload/${namespace}/${name}`, kind: 'workload', namespace, name, inMesh, waypoint: '' };
}

function serviceNode({ service, waypoint, mutualTls }: TrafficEdge, known: KnownNodes): TopologyNode {
  const { namespace, name } = service ?? { namespace: '', name: '' };
  const facts = known.service(namespace, name);
  return {
    id: `service/${namespace}/${name}`,
    kind: 'service',
    namespace,
    name,
    inMesh: facts?.inMesh ?? mutualTls,
    waypoint: facts?.waypoint ?? waypoint,
  };
}

const NOTHING_YET = { tried: true, passed: undefined };
const UNKNOWN: TrafficEnd = { namespace: '', workload: '', identity: '' };
/** The later one tells more. */
const PROTOCOLS: readonly TrafficEdge['protocol'][] = ['tcp', 'http', 'grpc'];
