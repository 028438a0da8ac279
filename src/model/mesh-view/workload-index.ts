import type { IpAddress } from '../ip-address.ts';
import type { Workload } from '../workload.ts';

/** Workloads by network and address, several of which may claim one. */
export interface WorkloadIndex {
  add(workload: Workload): void;
  remove(workload: Workload): void;
  all(network: string, address: IpAddress): readonly Workload[];
}

const NOBODY: readonly Workload[] = [];

/** Empty. Whoever changes a workload removes the old one first: claims go by object. */
export function createWorkloadIndex(): WorkloadIndex {
  const networks = new Map<string, Map<IpAddress, readonly Workload[]>>();
  return {
    add(workload) {
      let addresses = networks.get(workload.network);
      if (addresses === undefined) {
        addresses = new Map();
        networks.set(workload.network, addresses);
      }
      for (const address of workload.addresses) {
        const claimants = addresses.get(address);
        addresses.set(
          address,
          claimants === undefined ? [workload] : [...claimants, workload].sort(byPrecedence),
        );
      }
    },
    remove(workload) {
      const addresses = networks.get(workload.network);
      if (addresses === undefined) return;
      for (const address of workload.addresses) {
        const rest = (addresses.get(address) ?? NOBODY).filter((other) => other !== workload);
        if (rest.length === 0) addresses.delete(address);
        else addresses.set(address, rest);
      }
      if (addresses.size === 0) networks.delete(workload.network);
    },
    all: (network, address) => networks.get(network)?.get(address) ?? NOBODY,
  };
}

/** Owners of an address before those who only share their host's; healthy before not; pods before other endpoints. */
function byPrecedence(a: Workload, b: Workload): number {
  return (
    Number(a.networkMode === 'host-network') - Number(b.networkMode === 'host-network') ||
    Number(a.status === 'unhealthy') - Number(b.status === 'unhealthy') ||
    Number(b.uid.includes('//Pod/')) - Number(a.uid.includes('//Pod/')) ||
    (a.uid < b.uid ? -1 : 1)
  );
}
