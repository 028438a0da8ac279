import {
  gatewayName,
  type MeshView,
  owningWaypoints,
  readUnboundAddress,
  type Service,
  serviceKey,
  type WaypointView,
} from '../../model/index.ts';

/** The waypoints that services and pods in a node's view are bound to. What goes on inside of them they tell themselves. */
export function waypointViews(view: MeshView): readonly Omit<WaypointView, 'rates'>[] {
  const bound = new Map<string, { services: number; workloads: number; pods: Service | undefined }>();
  const note = (binding: Parameters<typeof owningWaypoints>[0], what: 'services' | 'workloads'): void => {
    for (const address of owningWaypoints(binding)) {
      // A label may name one that does not exist.
      if (readUnboundAddress(address) !== undefined) continue;
      const name = gatewayName(view, address);
      const entry = bound.get(name) ?? { services: 0, workloads: 0, pods: undefined };
      entry.pods ??=
        address.kind === 'hostname'
          ? view.service(serviceKey(address.namespace, address.hostname))
          : view.serviceAt(address.network, address.address, '');
      entry[what] += 1;
      bound.set(name, entry);
    }
  };
  for (const service of view.services()) note(service, 'services');
  for (const workload of view.workloads()) note(workload, 'workloads');
  return [...bound].map(([key, { services, workloads, pods }]) => {
    const [namespace = '', name = ''] = key.split('/');
    const endpoints = pods === undefined ? [] : view.allEndpoints(serviceKey(pods.namespace, pods.hostname));
    return {
      namespace,
      name,
      ready: {
        pods: endpoints.filter(({ workload }) => workload.status === 'healthy').length,
        total: endpoints.length,
      },
      serves: servesText(services, workloads),
      routes: [],
      ejected: [],
    };
  });
}

function servesText(services: number, workloads: number): string {
  const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;
  if (workloads === 0) return counted(services, 'service');
  return services === 0
    ? counted(workloads, 'workload')
    : `${counted(services, 'service')} and ${counted(workloads, 'workload')}`;
}
