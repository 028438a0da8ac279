import type { Clock } from '../../base/index.ts';
import type { SvidStore } from '../../identity/index.ts';
import {
  gatewayName,
  identityOf,
  type MeshView,
  owningWaypoints,
  type Service,
  type ServiceView,
  serviceKey,
  type Workload,
  type WorkloadView,
} from '../../model/index.ts';
import type { Facts } from '../../telemetry/index.ts';
import { certificateViews, connectionView, type PolicyHits } from '../../proxy/index.ts';
import type { DumpedPod } from '../admin/index.ts';
import type { CostLedger } from './cost-ledger.ts';
import { enrolmentText } from './enrolment-text.ts';
import { policyViews } from './policy-views.ts';
import { waypointViews } from './waypoint-views.ts';

/** What the facts are read from, at each request. */
export interface NodeFactsDeps {
  readonly node: string;
  readonly version: string;
  readonly trustDomain: string;
  readonly startedMs: number;
  /** Where the dashboard of the whole mesh is; empty where it is not known. */
  readonly meshUrl: () => string;
  readonly view: MeshView;
  readonly svids: Pick<SvidStore, 'status' | 'peek'>;
  readonly pods: () => readonly DumpedPod[];
  readonly ledger: Pick<CostLedger, 'share'>;
  readonly hits: PolicyHits;
  readonly clock: Pick<Clock, 'now'>;
}

/** What one open connection takes of the process's memory (bench/results: from 1,000 to 5,000 connections). */
const CONNECTION_BYTES = 18 * 1024;

/** What a node's proxy knows of its own part of the mesh, beside what it has observed: of pods the node's own, of the rest all. */
export function createNodeFacts(deps: NodeFactsDeps): Facts {
  const { node, view, svids, clock } = deps;
  return {
    info: () => ({
      scope: 'node',
      node,
      version: deps.version,
      trustDomain: deps.trustDomain,
      startedMs: deps.startedMs,
      meshUrl: deps.meshUrl(),
    }),
    workloads(windowMs) {
      const pods = new Map(deps.pods().map((entry) => [entry.pod.uid, entry]));
      const share = deps.ledger.share(windowMs);
      const seen = [...view.workloads()].filter(({ uid, node: its }) => its === node || pods.has(uid));
      return seen.map((workload) => {
        const entry = pods.get(workload.uid);
        const cost = share(workload.uid);
        const connections = entry?.connections.length ?? 0;
        return {
          ...workloadView(view, workload),
          enrolment: entry === undefined ? withoutEnrolment(workload) : enrolmentText(entry.state),
          certificate: entry && svids.peek(entry.pod.identity) && validityOf(svids, entry.pod.identity),
          connections,
          olderConnections: entry?.older.length ?? 0,
          cost:
            entry === undefined
              ? undefined
              : { ...(cost ?? IDLE), memoryBytes: connections * CONNECTION_BYTES },
        };
      });
    },
    services: () => [...view.services()].map((service) => serviceView(view, service)),
    connections(limit, leastAgeMs) {
      const live = deps
        .pods()
        .flatMap(({ connections }) => connections)
        .filter(({ record }) => record.ageMs >= leastAgeMs);
      const direction = leastAgeMs === 0 ? 1 : -1;
      const first = live.toSorted((a, b) => direction * (a.record.ageMs - b.record.ageMs)).slice(0, limit);
      const nowMs = clock.now();
      return {
        connections: first.map(({ record }) => connectionView(record.details, record, nowMs)),
        total: live.length,
      };
    },
    certificates: () => certificateViews(svids.status(), `ztunnel/${node}`),
    policies() {
      const policies = [...view.policies()];
      deps.hits.keepOnly(new Set(policies.map(({ key }) => key)));
      return policyViews(policies, deps.hits);
    },
    waypoints: () => waypointViews(view),
    proxies: () => [],
  };
}

/** Of what this node has not been asked to enrol. */
function withoutEnrolment({ nativeTunnel }: Workload): string {
  return nativeTunnel ? 'native' : 'not enrolled';
}

function validityOf(
  svids: Pick<SvidStore, 'peek'>,
  identity: DumpedPod['pod']['identity'],
): WorkloadView['certificate'] {
  const svid = svids.peek(identity);
  return svid && { notBeforeMs: svid.notBeforeMs, notAfterMs: svid.notAfterMs };
}

function workloadView(
  view: MeshView,
  workload: Workload,
): Omit<WorkloadView, 'rates' | 'enrolment' | 'certificate' | 'connections' | 'olderConnections' | 'cost'> {
  const [waypoint] = owningWaypoints(workload);
  return {
    uid: workload.uid,
    namespace: workload.namespace,
    name: workload.name,
    workload: workload.workloadName === '' ? workload.name : workload.workloadName,
    node: workload.node,
    addresses: workload.addresses,
    identity: identityOf(workload)?.id ?? '',
    protocol: workload.tunnelProtocol === 'hbone' ? 'HBONE' : 'TCP',
    waypoint: waypoint === undefined ? '' : gatewayName(view, waypoint),
  };
}

function serviceView(
  view: MeshView,
  service: Service,
): Omit<ServiceView, 'rates' | 'problems'> & { readonly inMesh: boolean } {
  const key = serviceKey(service.namespace, service.hostname);
  const endpoints = view.allEndpoints(key);
  const [waypoint] = owningWaypoints(service);
  return {
    namespace: service.namespace,
    name: service.name,
    hostname: service.hostname,
    addresses: service.addresses.map(({ address }) => address),
    ports: service.ports.map(({ servicePort }) => servicePort),
    endpoints: { healthy: view.endpoints(key).length, total: endpoints.length },
    waypoint: waypoint === undefined ? '' : gatewayName(view, waypoint),
    inMesh: endpoints.length > 0 && endpoints.every(({ workload }) => workload.tunnelProtocol === 'hbone'),
  };
}

const IDLE = { cpuShare: 0, cpuCores: 0, bandwidthShare: 0 };
