import { RecentFew } from '../../base/index.ts';
import type {
  IpAddress,
  Service,
  ServicePort,
  TrafficEdge,
  TrafficEnd,
  Workload,
  WorkloadIdentity,
} from '../../model/index.ts';

/** One end, as far as it is known. */
export interface EdgeEnd {
  readonly workload: Workload | undefined;
  readonly identity: WorkloadIdentity | undefined;
  readonly address: IpAddress | undefined;
}

/** What an edge is made of. */
export interface EdgeParts {
  readonly reporter: TrafficEdge['reporter'];
  readonly source: EdgeEnd;
  readonly destination: EdgeEnd;
  readonly service: Service | undefined;
  readonly servicePort: number;
  readonly protocol: TrafficEdge['protocol'];
  readonly mutualTls: boolean;
  readonly waypoint: string;
}

/** Gives the same object for the same edge, so that whoever counts under it finds it by that alone. */
export type EdgeBook = (parts: EdgeParts) => TrafficEdge;

/** `most`: edges kept; beyond that all are forgotten and made anew. Default 5,000. */
export function createEdgeBook(most = 5_000): EdgeBook {
  const known = new Map<string, TrafficEdge>();
  /** By the client's end, so that each has its own few. */
  const recent = new WeakMap<TrafficEnd, RecentFew<RecentEdge>>();

  const look = ({ end: source, key: sourceKey }: DescribedEnd, to: DescribedEnd, parts: EdgeParts) => {
    const { reporter, service, servicePort, protocol, mutualTls, waypoint } = parts;
    const dialled = service === undefined ? '' : `${service.namespace}/${service.name}:${servicePort}`;
    const key = `${reporter}\n${protocol}\n${mutualTls}\n${waypoint}\n${dialled}\n${sourceKey}\n${to.key}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    if (known.size >= most) known.clear();
    const edge: TrafficEdge = {
      reporter,
      source,
      destination: to.end,
      service: servicePortOf(service, servicePort),
      protocol,
      mutualTls,
      waypoint,
    };
    known.set(key, edge);
    return edge;
  };

  return (parts) => {
    const from = describeEnd(parts.source);
    const to = describeEnd(parts.destination);
    let few = recent.get(from.end);
    if (few === undefined) {
      few = new RecentFew();
      recent.set(from.end, few);
    }
    const asked = few.find((one) => isOf(one, parts, to));
    if (asked !== undefined) return asked.edge;
    const edge = look(from, to, parts);
    few.add({ edge, to: to.end, service: parts.service });
    return edge;
  };
}

/** An edge with what it was asked for by, to be compared without making its key. */
interface RecentEdge {
  readonly edge: TrafficEdge;
  readonly to: TrafficEnd;
  readonly service: Service | undefined;
}

function isOf({ edge, to, service }: RecentEdge, parts: EdgeParts, end: DescribedEnd): boolean {
  return (
    to === end.end &&
    service === parts.service &&
    (edge.service === undefined || edge.service.port === parts.servicePort) &&
    edge.protocol === parts.protocol &&
    edge.mutualTls === parts.mutualTls &&
    edge.reporter === parts.reporter &&
    edge.waypoint === parts.waypoint
  );
}

/** A service by its name; undefined where none was dialled. */
export function servicePortOf(service: Service | undefined, port: number): ServicePort | undefined {
  return service === undefined ? undefined : { namespace: service.namespace, name: service.name, port };
}

/** Who is at one end; outside of the mesh, its address. */
export function trafficEnd(end: EdgeEnd): TrafficEnd {
  return describeEnd(end).end;
}

interface DescribedEnd {
  readonly end: TrafficEnd;
  readonly key: string;
}

/** Worked out once for each workload and what it proves, which seldom is more than one identity. */
const described = new WeakMap<Workload, { readonly identity: string; readonly made: DescribedEnd }>();

function describeEnd({ workload, identity, address }: EdgeEnd): DescribedEnd {
  const id = identity?.id ?? '';
  if (workload === undefined) return describe({ namespace: '', workload: address ?? '', identity: id });
  const known = described.get(workload);
  if (known?.identity === id) return known.made;
  const made = describe({
    namespace: workload.namespace,
    workload: workload.workloadName === '' ? workload.name : workload.workloadName,
    identity: id,
  });
  described.set(workload, { identity: id, made });
  return made;
}

function describe(end: TrafficEnd): DescribedEnd {
  return { end, key: `${end.namespace}/${end.workload}/${end.identity}` };
}
