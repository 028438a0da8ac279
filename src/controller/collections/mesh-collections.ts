import { type Logger, silentLogger } from '../../base/index.ts';
import { boundServiceName, serviceKey, type WaypointResource } from '../../model/index.ts';
import { isStatic } from '../enrolment/index.ts';
import {
  type AuthorizationPolicyObject,
  objectKey,
  type PeerAuthenticationObject,
  type PodObject,
} from '../objects/index.ts';
import type { ObjectEvent } from '../sources/index.ts';
import { isCapturedHere, type MeshSettings, type ServiceInfo } from '../translate/index.ts';
import { type AdmissionCollections, deriveAdmission } from './admission-collections.ts';
import { type AddressedResource, createAddressing } from './addressed-resources.ts';
import { createAddressClaims, type ForeignAddress } from './claims/index.ts';
import { type Collection, createGraph, type Graph } from './graph/index.ts';
import { deriveEnrolments, type EnrolmentCollections } from './enrolment-collections.ts';
import { deriveGuards, type GuardCollections } from './guard-collections.ts';
import { applyEvent, createMeshStores, type Judged, type MeshObjects } from './mesh-stores.ts';
import { derivePolicies, type PolicyCollections } from './policy-collections.ts';
import { deriveRoutes, type RouteCollections } from './route-collections.ts';
import { deriveTelemetry, type TelemetryCollections } from './telemetry/index.ts';
import { deriveTraffic, type TrafficCollections } from './traffic-collections.ts';
import { deriveWaypoints, type WaypointCollections } from './waypoint-collections.ts';
import { type Capture, deriveWorkloads, type WorkloadCollections } from './workload-collections.ts';

/** Everything that follows from the objects. Outputs are keyed by the name that their resource has on the wire. */
export interface MeshCollections
  extends WorkloadCollections,
    WaypointCollections,
    RouteCollections,
    GuardCollections,
    TrafficCollections,
    AdmissionCollections,
    EnrolmentCollections,
    Omit<TelemetryCollections, 'telemetryOfPod'>,
    Omit<PolicyCollections, 'listedBy'> {
  /** Applies a batch; subscribers are told once, at its end. */
  apply(events: readonly ObjectEvent[]): void;
  /**
   * What a node has just reported of pods: it counts until it has been written to the pod (`captureWritten`) and the
   * pod's annotation says the same. It holds for the very pod that was meant and for no later one of the same name.
   */
  reportCaptures(reports: readonly CaptureReport[]): void;
  captureWritten(pod: PodObject): void;
  /** Pods on a node that use a service account, finished ones left out. */
  podsOf(node: string, namespace: string, serviceAccount: string): readonly PodObject[];
  /** As they came. */
  readonly objects: MeshObjects;
  readonly pods: Collection<PodObject>;
  /** Addresses that pods claim, by their `namespace/name`, and that are pods' of other nodes. */
  readonly foreignAddresses: Collection<readonly ForeignAddress[]>;
  readonly policyObjects: Collection<Judged<AuthorizationPolicyObject>>;
  readonly peerObjects: Collection<Judged<PeerAuthenticationObject>>;
  /** Everything that waypoints are told beside the mesh itself, by the names of the resources. */
  readonly waypointResources: readonly Collection<AddressedResource>[];
}

/** What a node says of a pod, ahead of the pod's own annotation. */
export interface CaptureReport {
  readonly pod: PodObject;
  readonly captured: boolean;
}

/** Empty. An object that cannot be translated is logged, and stops none of the others. */
export function createMeshCollections(settings: MeshSettings, log: Logger = silentLogger): MeshCollections {
  const graph = createGraph((error, key) => log.error('object cannot be translated', { key, error }));
  const stores = createMeshStores(graph);
  const captures = graph.store<Capture>();
  const foreignAddresses = graph.store<readonly ForeignAddress[]>();
  const claims = createAddressClaims(foreignAddresses);
  // In this order they notify: what workloads refer to is told before them.
  const policies = derivePolicies(graph, stores, settings);
  const waypoints = deriveWaypoints(graph, stores, settings);
  const routes = deriveRoutes(graph, { stores, waypoints }, settings);
  const workloads = deriveWorkloads(
    graph,
    { stores, captures, foreignAddresses, policies, waypoints },
    settings,
  );
  const guards = deriveGuards(graph, { stores, services: workloads.services, waypoints }, settings);
  const traffic = deriveTraffic(graph, { stores, waypoints }, settings);
  const admission = deriveAdmission(graph, { stores, waypoints }, settings);
  const { services } = workloads;
  const { telemetryOfPod, ...telemetry } = deriveTelemetry(
    graph,
    { stores, services, waypoints, meshConfig: guards.meshConfig },
    settings,
  );
  const { address } = createAddressing(graph, { routes: routes.routes, waypoints, services });
  const resourceItself = (resource: WaypointResource): WaypointResource => resource;
  const resourceOf = ({ resource }: { readonly resource: WaypointResource | undefined }) => resource;
  const waypointResources = [
    address(routes.routes, (route) => ({ kind: 'route', route })),
    address(traffic.trafficPolicies, resourceItself),
    address(guards.requestPolicies, resourceItself),
    address(guards.requestAuthentications, resourceItself),
    address(guards.meshResources, resourceItself),
    address(admission.rateLimitOutcomes, resourceOf),
    address(admission.faultOutcomes, resourceOf),
    address(admission.filterOutcomes, resourceOf),
    address(telemetry.telemetryResources, resourceItself),
    address(boundServices(graph, services), resourceItself),
  ];
  const enrolments = deriveEnrolments(graph, { stores, waypoints, telemetryOfPod }, settings);
  const podsByAccount = graph.index(stores.pods, (pod) =>
    pod.phase === 'Succeeded' || pod.phase === 'Failed' || isStatic(pod)
      ? []
      : [accountSlot(pod.node, pod.meta.namespace, pod.serviceAccount)],
  );

  /**
   * The annotation has arrived, or the pod is another now: the report has done its work. Before the write is through, an
   * annotation that says the same may be one of long ago that is about to be changed.
   */
  function settleCapture(key: string): void {
    const capture = captures.get(key);
    if (capture === undefined) return;
    const pod = stores.pods.get(key);
    const isOther = pod === undefined || pod.meta.uid !== capture.uid;
    if (isOther || (capture.written && isCapturedHere(pod, settings) === capture.captured))
      captures.delete(key);
  }

  return {
    ...workloads,
    ...routes,
    ...guards,
    ...traffic,
    ...admission,
    ...telemetry,
    ...enrolments,
    waypointResources,
    waypoints: waypoints.waypoints,
    waypointHealth: waypoints.waypointHealth,
    boundTo: waypoints.boundTo,
    waypointOfPod: waypoints.waypointOfPod,
    policies: policies.policies,
    peerPolicies: policies.peerPolicies,
    objects: stores,
    pods: stores.pods,
    foreignAddresses,
    policyObjects: stores.policies,
    peerObjects: stores.peers,
    apply(events) {
      for (const event of events) {
        const pod = podKeyOf(event);
        const before = pod === undefined ? undefined : stores.pods.get(pod);
        applyEvent(stores, event);
        if (pod === undefined) continue;
        claims.take(before, stores.pods.get(pod));
        settleCapture(pod);
      }
      claims.settle();
      graph.commit();
    },
    reportCaptures(reports) {
      for (const { pod, captured } of reports) {
        captures.set(objectKey(pod.meta), { uid: pod.meta.uid, captured, written: false });
      }
      graph.commit();
    },
    captureWritten({ meta }) {
      const key = objectKey(meta);
      const capture = captures.get(key);
      if (capture === undefined || capture.uid !== meta.uid) return;
      captures.set(key, { ...capture, written: true });
      settleCapture(key);
      graph.commit();
    },
    podsOf: (node, namespace, serviceAccount) =>
      podsByAccount.all(accountSlot(node, namespace, serviceAccount)),
  };
}

function podKeyOf(event: ObjectEvent): string | undefined {
  if (event.type === 'delete') return event.kind === 'Pod' ? event.key : undefined;
  return event.object.kind === 'Pod' ? objectKey(event.object.meta) : undefined;
}

/** What tells a waypoint that it knows everything of a service; of one without a waypoint nobody is told. */
function boundServices(graph: Graph, services: Collection<ServiceInfo>): Collection<WaypointResource> {
  return graph.derive(services, (_fetch, { service: { namespace, hostname } }) => {
    const service = serviceKey(namespace, hostname);
    return [[boundServiceName(service), { kind: 'bound-service', service }]];
  });
}

function accountSlot(node: string, namespace: string, serviceAccount: string): string {
  return `${node}|${namespace}/${serviceAccount}`;
}
