import type { IpAddress, PolicyKey, PortMapping, ServiceKey, Workload } from '../../model/index.ts';
import { type EndpointSliceObject, selects } from '../objects/index.ts';
import {
  bindService,
  leadToWaypoint,
  type MeshSettings,
  type ServiceInfo,
  slicePods,
  slicePorts,
  sliceServiceKey,
  translateEndpointSlice,
  translatePod,
  translateService,
  type WaypointInfo,
} from '../translate/index.ts';
import type { ForeignAddress } from './claims/index.ts';
import type { Collection, Graph } from './graph/index.ts';
import { labelSetKey, labelSlots, selectorSlot } from './label-lookup.ts';
import type { MeshStores } from './mesh-stores.ts';
import type { PolicyCollections } from './policy-collections.ts';
import type { WaypointBinder } from './waypoint-collections.ts';

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

/** What workloads and services are derived from. */
export interface WorkloadInputs {
  readonly stores: MeshStores;
  readonly captures: Collection<Capture>;
  readonly foreignAddresses: Collection<readonly ForeignAddress[]>;
  readonly policies: PolicyCollections;
  readonly waypoints: WaypointBinder;
}

/** A change to one pod costs what concerns that pod: what selects it is found by its set of labels. */
export function deriveWorkloads(
  graph: Graph,
  { stores, captures, foreignAddresses, policies, waypoints }: WorkloadInputs,
  settings: MeshSettings,
): WorkloadCollections {
  const services = graph.derive(stores.services, (fetch, object) => {
    const info = translateService(object, fetch.one(stores.namespaces, object.meta.namespace), settings);
    if (info === undefined) return [];
    // What leads to a waypoint leads through no other.
    const [waypoint] = waypoints.servedBy(fetch, info.service);
    if (waypoint !== undefined) return [[info.key, leadToWaypoint(info, waypoint, settings.trustDomain)]];
    return [[info.key, bindService(info, waypoints.bind(fetch, 'service', object.meta))]];
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
    const own = waypoints.waypointOfPod(fetch, pod);
    const listed = fetch.all(slicesByPod, key).flatMap((slice) => {
      const service = sliceServiceKey(slice, settings);
      const info = service === undefined ? undefined : fetch.one(services, service);
      // With a selector, the selector decides.
      return info === undefined || info.selector !== undefined ? [] : [{ info, slice }];
    });
    const selected = [...new Set([...(selection?.services ?? []), ...listed.map(({ info }) => info)])];
    const context = {
      listedPorts: listed.length === 0 ? undefined : portsByService(listed),
      services: selected.filter(({ leadsTo }) => leadsTo === undefined || isBehind(leadsTo, own)),
      policies: selection?.policies ?? [],
      node: pod.node === '' ? undefined : fetch.one(stores.nodes, pod.node),
      captured: capture?.uid === pod.meta.uid ? capture.captured : undefined,
      isWaypoint: own?.ours,
      hasForeignAddress: fetch.one(foreignAddresses, key) !== undefined,
      binding: own === undefined ? waypoints.bind(fetch, 'workload', pod.meta).binding : undefined,
    };
    const workload = translatePod(pod, context, settings);
    return workload === undefined ? [] : [[workload.uid, workload]];
  });

  const tunnelledByAddress = graph.index(podWorkloads, ({ addresses, tunnelProtocol, networkMode }) =>
    tunnelProtocol === 'hbone' && networkMode === 'standard' ? addresses : [],
  );
  const otherWorkloads = graph.derive(stores.slices, (fetch, slice) => {
    const service = sliceServiceKey(slice, settings);
    const info = service === undefined ? undefined : fetch.one(services, service);
    if (info === undefined) return [];
    const podAt = (address: IpAddress): Workload | undefined => fetch.all(tunnelledByAddress, address)[0];
    return translateEndpointSlice(slice, { info, podAt }, settings).map(
      (workload) => [workload.uid, workload] as const,
    );
  });

  return { services, podWorkloads, otherWorkloads };
}

/** What all slices of a service together say; where two say something of one port, the first counts. */
function portsByService(
  listed: readonly { readonly info: ServiceInfo; readonly slice: EndpointSliceObject }[],
): ReadonlyMap<ServiceKey, readonly PortMapping[]> {
  const ports = new Map<ServiceKey, readonly PortMapping[]>();
  for (const { info, slice } of listed) {
    const known = ports.get(info.key) ?? [];
    const news = slicePorts(slice, info).filter(
      ({ servicePort }) => !known.some((port) => port.servicePort === servicePort),
    );
    ports.set(info.key, [...known, ...news]);
  }
  return ports;
}

/** Behind a waypoint that we deploy stand its own pods alone, whoever else has their label. */
function isBehind(waypoint: WaypointInfo, podOf: WaypointInfo | undefined): boolean {
  return !waypoint.ours || waypoint.placed || waypoint.key === podOf?.key;
}

interface Selection {
  readonly services: readonly ServiceInfo[];
  readonly policies: readonly PolicyKey[];
}
