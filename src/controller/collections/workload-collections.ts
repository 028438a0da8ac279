import type { PolicyKey, Workload } from '../../model/index.ts';
import { type PodObject, selects } from '../objects/index.ts';
import {
  type MeshSettings,
  type ServiceInfo,
  slicePods,
  sliceServiceKey,
  translateEndpointSlice,
  translatePod,
  translateService,
} from '../translate/index.ts';
import type { Collection, Graph } from './graph/index.ts';
import { labelSlots, selectorSlot } from './label-lookup.ts';
import type { MeshStores } from './mesh-stores.ts';
import type { PolicyCollections } from './policy-collections.ts';

/** What a node has said of a pod, until the pod says it itself. */
export interface Capture {
  /** Of the pod that was meant. */
  readonly uid: string;
  readonly captured: boolean;
  /** The pod's annotation has been written, though it may not have come back yet. */
  readonly written: boolean;
}

/** By the names that they have on the wire. */
export interface WorkloadCollections {
  readonly services: Collection<ServiceInfo>;
  readonly podWorkloads: Collection<Workload>;
  readonly otherWorkloads: Collection<Workload>;
}

export interface WorkloadInputs {
  readonly stores: MeshStores;
  readonly captures: Collection<Capture>;
  readonly policies: PolicyCollections;
}

export function deriveWorkloads(
  graph: Graph,
  { stores, captures, policies }: WorkloadInputs,
  settings: MeshSettings,
): WorkloadCollections {
  const services = graph.derive(stores.services, (fetch, object) => {
    const info = translateService(object, fetch.one(stores.namespaces, object.meta.namespace), settings);
    return info === undefined ? [] : [[info.key, info]];
  });
  const servicesBySlot = graph.index(services, ({ service, selector }) =>
    selector === undefined ? [] : [selectorSlot(service.namespace, selector)],
  );
  const slicesByPod = graph.index(stores.slices, slicePods);

  // Pods of one template have the same labels: which services and policies select them is found out once for all.
  const labelSets = graph.distinct(stores.pods, labelSetKey, ({ meta: { namespace, labels } }) => ({
    namespace,
    labels,
  }));
  const selections = graph.derive(labelSets, (fetch, { namespace, labels }, key) => {
    const selection: Selection = {
      services: labelSlots(namespace, labels)
        .flatMap((slot) => fetch.all(servicesBySlot, slot))
        .filter(({ selector }) => selector !== undefined && selects(selector, labels)),
      policies: policies.listedBy(fetch, namespace, labels),
    };
    return [[key, selection]];
  });

  const podWorkloads = graph.derive(stores.pods, (fetch, pod, key) => {
    const selection = fetch.one(selections, labelSetKey(pod));
    const capture = fetch.one(captures, key);
    const listed = fetch.all(slicesByPod, key).flatMap((slice) => {
      const service = sliceServiceKey(slice, settings);
      const info = service === undefined ? undefined : fetch.one(services, service);
      // With a selector, the selector decides.
      return info === undefined || info.selector !== undefined ? [] : [info];
    });
    const context = {
      services: [...new Set([...(selection?.services ?? []), ...listed])],
      policies: selection?.policies ?? [],
      node: pod.node === '' ? undefined : fetch.one(stores.nodes, pod.node),
      captured: capture?.uid === pod.meta.uid ? capture.captured : undefined,
    };
    const workload = translatePod(pod, context, settings);
    return workload === undefined ? [] : [[workload.uid, workload]];
  });

  const otherWorkloads = graph.derive(stores.slices, (fetch, slice) => {
    const service = sliceServiceKey(slice, settings);
    const info = service === undefined ? undefined : fetch.one(services, service);
    if (info === undefined) return [];
    return translateEndpointSlice(slice, info, settings).map((workload) => [workload.uid, workload] as const);
  });

  return { services, podWorkloads, otherWorkloads };
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
