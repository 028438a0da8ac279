import { networkInterfaces } from 'node:os';
import {
  type Endpoint,
  type MeshView,
  type ServiceKey,
  tryParseIpAddress,
  type Workload,
} from '../model/index.ts';

/**
 * The replica's own workload among those of the waypoint's service: which one it is decides what is near. Another replica's
 * does where none has an address of ours. Undefined while the mesh has not told of any.
 */
export function createOwnWorkload(
  view: Pick<MeshView, 'allEndpoints'>,
  service: ServiceKey,
  addresses: ReadonlySet<string> = ownAddresses(),
): () => Workload | undefined {
  let seen: readonly Endpoint[] | undefined;
  let own: Workload | undefined;
  return () => {
    const endpoints = view.allEndpoints(service);
    if (endpoints !== seen) {
      seen = endpoints;
      const found = endpoints.find(({ workload }) =>
        workload.addresses.some((address) => addresses.has(address)),
      );
      own = (found ?? endpoints[0])?.workload;
    }
    return own;
  };
}

/** Of all interfaces, as the mesh writes them. */
function ownAddresses(): ReadonlySet<string> {
  return new Set(
    Object.values(networkInterfaces()).flatMap((list) =>
      (list ?? []).flatMap(({ address, internal }) => (internal ? [] : (tryParseIpAddress(address) ?? []))),
    ),
  );
}
