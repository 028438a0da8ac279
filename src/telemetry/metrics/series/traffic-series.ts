import { RecentFew } from '../../../base/index.ts';
import type { Service, Workload, WorkloadIdentity } from '../../../model/index.ts';
import type { MetricRules } from '../metric-rules.ts';
import type { TRAFFIC_LABELS } from '../metric-table.ts';

/** A label of the `istio_tcp_*` metrics. */
export type TrafficLabel = (typeof TRAFFIC_LABELS)[number];

/** Flags that Istio's dashboards know; `-` is a connection with nothing to say. */
export type ResponseFlags =
  | '-'
  | 'DENY'
  | 'CONNECT'
  | 'TLS_FAILURE'
  | 'H2_HANDSHAKE_FAILURE'
  | 'NETWORK_POLICY'
  | 'IDENTITY_ERROR'
  | 'CERT_REVOKED'
  /** Of requests: refused by a rate limit, answered by an injected fault. */
  | 'RL'
  | 'FI';

/** One end of a connection. What is not known is reported as `unknown`. */
export interface TrafficParty {
  readonly workload: Workload | undefined;
  readonly identity: WorkloadIdentity | undefined;
}

/** What a connection is counted under. */
export interface Traffic {
  /** Which end of the connection reports: outbound is `source`, inbound is `destination`; or who stands between. */
  readonly reporter: 'source' | 'destination' | 'waypoint';
  readonly source: TrafficParty;
  readonly destination: TrafficParty;
  readonly service: Service | undefined;
  /** True when the connection came or went through a mutually authenticated tunnel. */
  readonly mutualTls: boolean;
  /** Default `-`. */
  readonly responseFlags?: ResponseFlags | undefined;
  /** What is different about its metrics. Default: nothing. */
  readonly rules?: MetricRules | undefined;
}

/** The label texts of one end, and one string that tells them apart from all others. */
interface Described {
  readonly key: string;
  readonly texts: readonly string[];
}

const UNKNOWN = 'unknown';
const workloads = new WeakMap<Workload, Described>();
const services = new WeakMap<Service, Described>();
const unknownWorkload: Described = describe([UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN]);
const unknownService: Described = describe([UNKNOWN, UNKNOWN, UNKNOWN]);

/**
 * Equal for connections with equal labels, and the same string for what was asked lately; `more` tells further labels apart.
 * The parts are worked out once for each object.
 */
export function trafficKey(traffic: Traffic, more = ''): string {
  const party = traffic.source.workload ?? NOBODY;
  let recent = recentKeys.get(party);
  if (recent === undefined) {
    recent = new RecentFew();
    recentKeys.set(party, recent);
  }
  const known = recent.find((one) => one.more === more && isAlike(one.traffic, traffic));
  if (known !== undefined) return known.key;
  const key = makeKey(traffic, more);
  recent.add({ traffic, more, key });
  return key;
}

interface RecentKey {
  readonly traffic: Traffic;
  readonly more: string;
  readonly key: string;
}

/** By the client, so that each has its own few. */
const recentKeys = new WeakMap<object, RecentFew<RecentKey>>();
/** Stands for clients that the mesh does not know. */
const NOBODY = {};

/** Whether two have the same labels; of objects that are not the same that is not known, and then they are not. */
function isAlike(one: Traffic, other: Traffic): boolean {
  return (
    one.service === other.service &&
    one.destination.workload === other.destination.workload &&
    one.source.workload === other.source.workload &&
    one.reporter === other.reporter &&
    one.rules === other.rules &&
    one.mutualTls === other.mutualTls &&
    one.responseFlags === other.responseFlags &&
    one.source.identity?.id === other.source.identity?.id &&
    one.destination.identity?.id === other.destination.identity?.id
  );
}

function makeKey(traffic: Traffic, more: string): string {
  const source = describeWorkload(traffic.source.workload).key;
  const destination = describeWorkload(traffic.destination.workload).key;
  const service = describeService(traffic.service).key;
  const principals = `${traffic.source.identity?.id ?? ''}\0${traffic.destination.identity?.id ?? ''}`;
  return `${traffic.reporter}\0${source}\0${destination}\0${service}\0${principals}\0${traffic.mutualTls}\0${traffic.responseFlags ?? '-'}\0${more}\0${traffic.rules?.id ?? ''}`;
}

/** The label set that a connection is counted under. */
export function trafficLabels(traffic: Traffic): Record<TrafficLabel, string> {
  const source = describeWorkload(traffic.source.workload).texts;
  const destination = describeWorkload(traffic.destination.workload).texts;
  const service = describeService(traffic.service).texts;
  const [sourceName = '', sourceNamespace = '', sourceApp = '', sourceVersion = '', sourceCluster = ''] =
    source;
  const [name = '', namespace = '', app = '', version = '', cluster = ''] = destination;
  const [hostname = '', serviceNamespace = '', serviceName = ''] = service;
  return {
    reporter: traffic.reporter,
    source_workload: sourceName,
    source_canonical_service: sourceApp,
    source_canonical_revision: sourceVersion,
    source_workload_namespace: sourceNamespace,
    source_principal: traffic.source.identity?.id ?? UNKNOWN,
    source_app: sourceApp,
    source_version: sourceVersion,
    source_cluster: sourceCluster,
    destination_service: hostname,
    destination_service_namespace: serviceNamespace,
    destination_service_name: serviceName,
    destination_workload: name,
    destination_canonical_service: app,
    destination_canonical_revision: version,
    destination_workload_namespace: namespace,
    destination_principal: traffic.destination.identity?.id ?? UNKNOWN,
    destination_app: app,
    destination_version: version,
    destination_cluster: cluster,
    request_protocol: 'tcp',
    response_flags: traffic.responseFlags ?? '-',
    connection_security_policy: traffic.mutualTls ? 'mutual_tls' : UNKNOWN,
  };
}

/** The labels of a connection for which there was no room: only what is bounded by itself. */
export function anonymous(traffic: Traffic): Traffic {
  const nobody: TrafficParty = { workload: undefined, identity: undefined };
  return { ...traffic, source: nobody, destination: nobody, service: undefined };
}

function describeWorkload(workload: Workload | undefined): Described {
  if (workload === undefined) return unknownWorkload;
  const known = workloads.get(workload);
  if (known !== undefined) return known;
  const made = describe([
    workload.workloadName,
    workload.namespace,
    workload.canonicalName,
    workload.canonicalRevision,
    workload.clusterId,
  ]);
  workloads.set(workload, made);
  return made;
}

function describeService(service: Service | undefined): Described {
  if (service === undefined) return unknownService;
  const known = services.get(service);
  if (known !== undefined) return known;
  const made = describe([service.hostname, service.namespace, service.name]);
  services.set(service, made);
  return made;
}

function describe(values: readonly string[]): Described {
  const texts = values.map((value) => (value === '' ? UNKNOWN : value));
  return { key: texts.join('\0'), texts };
}
