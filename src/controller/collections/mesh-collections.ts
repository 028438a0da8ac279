import { type Logger, silentLogger } from '../../base/index.ts';
import type { AuthorizationPolicy, PolicyKey, Workload } from '../../model/index.ts';
import { type EnrolmentPlan, planEnrolment } from '../enrolment/index.ts';
import {
  type AuthorizationPolicyObject,
  type EndpointSliceObject,
  type MeshObject,
  type NamespaceObject,
  type NodeObject,
  objectKey,
  type ObjectKind,
  type PeerAuthenticationObject,
  type PodObject,
  selects,
  type ServiceAccountObject,
  type ServiceObject,
} from '../objects/index.ts';
import type { ObjectEvent } from '../sources/index.ts';
import {
  isCaptured,
  type MeshSettings,
  peerAuthenticationPolicies,
  podUid,
  type ServiceInfo,
  slicePods,
  sliceServiceKey,
  type TranslatedPolicy,
  translateEndpointSlice,
  translatePeerAuthentication,
  translatePod,
  translateService,
} from '../translate/index.ts';
import { type Collection, createGraph, type Fetch, type Store } from './graph.ts';
import { labelSlots, namespaceSlot, selectorSlot } from './label-lookup.ts';
import { derivePolicy, soundPeerAuthentication } from './sound-policy.ts';

/** An object with what is wrong about it; only policies may have faults. */
export interface Judged<T> {
  readonly object: T;
  readonly faults: readonly string[];
}

/** Everything that follows from the objects. Outputs are keyed by the name that their resource has on the wire. */
export interface MeshCollections {
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
  readonly pods: Collection<PodObject>;
  readonly policyObjects: Collection<Judged<AuthorizationPolicyObject>>;
  readonly peerObjects: Collection<Judged<PeerAuthenticationObject>>;
  readonly services: Collection<ServiceInfo>;
  readonly podWorkloads: Collection<Workload>;
  readonly otherWorkloads: Collection<Workload>;
  readonly policies: Collection<TranslatedPolicy>;
  readonly peerPolicies: Collection<AuthorizationPolicy>;
  readonly enrolments: Collection<EnrolmentPlan>;
}

export interface CaptureReport {
  readonly pod: PodObject;
  readonly captured: boolean;
}

export function createMeshCollections(settings: MeshSettings, log: Logger = silentLogger): MeshCollections {
  const { rootNamespace } = settings;
  const graph = createGraph((error, key) => log.error('object cannot be translated', { key, error }));
  const namespaces = graph.store<NamespaceObject>();
  const nodes = graph.store<NodeObject>();
  const pods = graph.store<PodObject>();
  const accounts = graph.store<ServiceAccountObject>();
  const serviceObjects = graph.store<ServiceObject>();
  const slices = graph.store<EndpointSliceObject>();
  const policyObjects = graph.store<Judged<AuthorizationPolicyObject>>();
  const peerObjects = graph.store<Judged<PeerAuthenticationObject>>();
  const captures = graph.store<Capture>();
  const podsByAccount = graph.index(pods, (pod) =>
    pod.phase === 'Succeeded' || pod.phase === 'Failed'
      ? []
      : [accountSlot(pod.node, pod.meta.namespace, pod.serviceAccount)],
  );

  const services = graph.derive(serviceObjects, (fetch, object) => {
    const info = translateService(object, fetch.one(namespaces, object.meta.namespace), settings);
    return info === undefined ? [] : [[info.key, info]];
  });
  const servicesBySlot = graph.index(services, ({ service, selector }) =>
    selector === undefined ? [] : [selectorSlot(service.namespace, selector)],
  );
  const slicesByPod = graph.index(slices, slicePods);

  const policies = graph.derive(policyObjects, (_fetch, judged, key) => [
    [key, derivePolicy(judged, settings)],
  ]);
  const policiesBySlot = graph.index(policies, ({ policy, selector }) =>
    policy === undefined || selector === undefined ? [] : [selectorSlot(policy.namespace, selector)],
  );

  const peers = graph.derive(peerObjects, (_fetch, judged, key) => [[key, soundPeerAuthentication(judged)]]);
  const peersBySlot = graph.index(peers, (peer) => [selectorSlot(peer.meta.namespace, peer.selector)]);
  const peerLevels = (fetch: Fetch, namespace: string) => ({
    mesh: fetch.all(peersBySlot, namespaceSlot(rootNamespace)),
    namespace: namespace === rootNamespace ? [] : fetch.all(peersBySlot, namespaceSlot(namespace)),
  });
  const peerPolicies = graph.derive(peers, (fetch, peer) => {
    const levels = peerLevels(fetch, peer.meta.namespace);
    const policy = translatePeerAuthentication(peer, levels, rootNamespace);
    return policy === undefined ? [] : [[policy.key, policy]];
  });

  // Pods of one template have the same labels: which services and policies select them is found out once for all.
  const labelSets = graph.distinct(pods, labelSetKey, ({ meta: { namespace, labels } }) => ({
    namespace,
    labels,
  }));
  const selections = graph.derive(labelSets, (fetch, { namespace, labels }, key) => {
    const fitting = labelSlots(namespace, labels);
    const candidates = [
      ...fitting,
      ...(namespace === rootNamespace ? [] : labelSlots(rootNamespace, labels)),
    ];
    const named = candidates
      .flatMap((slot) => fetch.all(policiesBySlot, slot))
      .flatMap(({ policy, selector }) =>
        policy !== undefined && selector !== undefined && selects(selector, labels) ? [policy.key] : [],
      );
    const selected = fitting
      .flatMap((slot) => fetch.all(peersBySlot, slot))
      .filter((peer) => peer.meta.namespace !== rootNamespace && selects(peer.selector ?? new Map(), labels));
    const selection: Selection = {
      services: fitting
        .flatMap((slot) => fetch.all(servicesBySlot, slot))
        .filter((info) => info.selector !== undefined && selects(info.selector, labels)),
      policies: [
        ...named.sort(),
        ...peerAuthenticationPolicies({ ...peerLevels(fetch, namespace), selected }, rootNamespace),
      ],
    };
    return [[key, selection]];
  });

  const podWorkloads = graph.derive(pods, (fetch, pod, key) => {
    const selection = fetch.one(selections, labelSetKey(pod));
    const capture = fetch.one(captures, key);
    const listed = fetch.all(slicesByPod, key).flatMap((slice) => {
      const service = sliceServiceKey(slice, settings);
      const info = service === undefined ? undefined : fetch.one(services, service);
      // With a selector, the selector decides.
      return info === undefined || info.selector !== undefined ? [] : [info];
    });
    const workload = translatePod(
      pod,
      {
        services: [...new Set([...(selection?.services ?? []), ...listed])],
        policies: selection?.policies ?? [],
        node: pod.node === '' ? undefined : fetch.one(nodes, pod.node),
        captured: capture?.uid === pod.meta.uid ? capture.captured : undefined,
      },
      settings,
    );
    return workload === undefined ? [] : [[workload.uid, workload]];
  });
  const otherWorkloads = graph.derive(slices, (fetch, slice) => {
    const service = sliceServiceKey(slice, settings);
    const info = service === undefined ? undefined : fetch.one(services, service);
    if (info === undefined) return [];
    return translateEndpointSlice(slice, info, settings).map((workload) => [workload.uid, workload] as const);
  });
  const enrolments = graph.derive(pods, (fetch, pod) => {
    const plan = planEnrolment(pod, fetch.one(namespaces, pod.meta.namespace), settings);
    return plan === undefined ? [] : [[podUid(pod.meta, settings.clusterId), plan]];
  });

  function put(object: MeshObject, faults: readonly string[]): void {
    const key = objectKey(object.meta);
    switch (object.kind) {
      case 'Namespace':
        namespaces.set(key, object);
        break;
      case 'Node':
        nodes.set(key, object);
        break;
      case 'Pod':
        pods.set(key, object);
        break;
      case 'ServiceAccount':
        accounts.set(key, object);
        break;
      case 'Service':
        serviceObjects.set(key, object);
        break;
      case 'EndpointSlice':
        slices.set(key, object);
        break;
      case 'AuthorizationPolicy':
        policyObjects.set(key, { object, faults });
        break;
      case 'PeerAuthentication':
        peerObjects.set(key, { object, faults });
        break;
    }
  }

  const stores: Readonly<Record<ObjectKind, Pick<Store<unknown>, 'delete'>>> = {
    Namespace: namespaces,
    Node: nodes,
    Pod: pods,
    ServiceAccount: accounts,
    Service: serviceObjects,
    EndpointSlice: slices,
    AuthorizationPolicy: policyObjects,
    PeerAuthentication: peerObjects,
  };

  /**
   * The annotation has arrived, or the pod is another now: the report has done its work. Before the write is through, an
   * annotation that says the same may be one of long ago that is about to be changed.
   */
  function settleCapture(key: string): void {
    const capture = captures.get(key);
    if (capture === undefined) return;
    const pod = pods.get(key);
    const isOther = pod === undefined || pod.meta.uid !== capture.uid;
    if (isOther || (capture.written && isCaptured(pod) === capture.captured)) captures.delete(key);
  }

  return {
    apply(events) {
      for (const event of events) {
        if (event.type === 'upsert') put(event.object, event.faults);
        else stores[event.kind].delete(event.key);
        if (event.type === 'delete') {
          if (event.kind === 'Pod') settleCapture(event.key);
        } else if (event.object.kind === 'Pod') settleCapture(objectKey(event.object.meta));
      }
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
    pods,
    policyObjects,
    peerObjects,
    services,
    podWorkloads,
    otherWorkloads,
    policies,
    peerPolicies,
    enrolments,
  };
}

interface Capture {
  /** Of the pod that was meant. */
  readonly uid: string;
  readonly captured: boolean;
  readonly written: boolean;
}

interface Selection {
  readonly services: readonly ServiceInfo[];
  readonly policies: readonly PolicyKey[];
}

/** The same for all pods of a namespace with the same labels. Asked for several times per pod, so kept with it. */
function labelSetKey(pod: PodObject): string {
  const known = labelSetKeys.get(pod);
  if (known !== undefined) return known;
  const key = JSON.stringify([pod.meta.namespace, ...[...pod.meta.labels].sort()]);
  labelSetKeys.set(pod, key);
  return key;
}

const labelSetKeys = new WeakMap<PodObject, string>();

function accountSlot(node: string, namespace: string, serviceAccount: string): string {
  return `${node}|${namespace}/${serviceAccount}`;
}
