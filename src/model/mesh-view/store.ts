import { createSignal } from '../../base/index.ts';
import type { AuthorizationPolicy } from '../authorization.ts';
import { ipFamily } from '../ip-address.ts';
import { type NetworkAddress, type Service, type ServiceKey, serviceKey } from '../service.ts';
import type { PolicyKey, Workload, WorkloadUid } from '../workload.ts';
import { createEndpointTable } from './endpoint-table.ts';
import type { Endpoint, MeshViewBatch, MeshViewChange, MeshViewStore } from './mesh-view.ts';
import { createPolicyTable } from './policy-table.ts';
import { createServiceIndex, createServiceRangeIndex } from './service-index.ts';
import { createWorkloadIndex } from './workload-index.ts';

const NO_ENDPOINTS: readonly Endpoint[] = [];

/** An empty mesh. Applying a batch costs in proportion to the batch, not to the mesh. */
export function createMeshView(): MeshViewStore {
  const workloads = new Map<WorkloadUid, Workload>();
  const services = new Map<ServiceKey, Service>();
  const byAddress = createWorkloadIndex();
  const endpointTable = createEndpointTable();
  const byVip = createServiceIndex();
  const byRange = createServiceRangeIndex();
  const byHostname = createServiceIndex();
  const policies = createPolicyTable();
  const changes = createSignal<MeshViewChange>();

  const removeWorkload = (workload: Workload, record: ChangeRecord): void => {
    workloads.delete(workload.uid);
    byAddress.remove(workload);
    endpointTable.remove(workload);
    record.workloads.add(workload.uid);
    for (const key of workload.services.keys()) record.services.add(key);
  };

  const addWorkload = (workload: Workload, record: ChangeRecord): void => {
    const before = workloads.get(workload.uid);
    if (before === workload) return;
    if (before !== undefined) removeWorkload(before, record);
    workloads.set(workload.uid, workload);
    byAddress.add(workload);
    endpointTable.add(workload);
    record.workloads.add(workload.uid);
    for (const key of workload.services.keys()) record.services.add(key);
  };

  const removeService = (service: Service, record: ChangeRecord): void => {
    const key = serviceKey(service.namespace, service.hostname);
    services.delete(key);
    byHostname.remove(service.hostname, service);
    for (const vip of uniqueVips(service)) {
      if (isRange(vip)) byRange.remove(vip, service);
      else byVip.remove(vipKey(vip.network, vip.address), service);
    }
    record.services.add(key);
  };

  const addService = (service: Service, record: ChangeRecord): void => {
    const key = serviceKey(service.namespace, service.hostname);
    const before = services.get(key);
    if (before === service) return;
    if (before !== undefined) removeService(before, record);
    services.set(key, service);
    byHostname.add(service.hostname, service);
    for (const vip of uniqueVips(service)) {
      if (isRange(vip)) byRange.add(vip, service);
      else byVip.add(vipKey(vip.network, vip.address), service);
    }
    record.services.add(key);
  };

  const removeAddress = (name: string, record: ChangeRecord): void => {
    const workload = workloads.get(name as WorkloadUid);
    if (workload !== undefined) {
      removeWorkload(workload, record);
      return;
    }
    const service = services.get(name as ServiceKey);
    if (service !== undefined) removeService(service, record);
  };

  const setPolicy = (policy: AuthorizationPolicy, record: ChangeRecord): void => {
    const before = policies.get(policy.key);
    if (before === policy) return;
    if (before !== undefined) noteReach(before, record);
    policies.set(policy);
    noteReach(policy, record);
  };

  const removePolicy = (key: PolicyKey, record: ChangeRecord): void => {
    const before = policies.get(key);
    if (before === undefined) return;
    policies.delete(key);
    noteReach(before, record);
  };

  return {
    workload: (uid) => workloads.get(uid),
    workloadAt(network, address) {
      const [first] = byAddress.all(network, address);
      return first?.networkMode === 'host-network' ? undefined : first;
    },
    workloadsAt: (network, address) => byAddress.all(network, address),
    serviceAt: (network, address, forNamespace) =>
      byVip.best(vipKey(network, address), forNamespace) ?? byRange.best(network, address, forNamespace),
    service: (key) => services.get(key),
    serviceByHostname: (hostname, forNamespace) => byHostname.best(hostname, forNamespace),
    endpoints(key) {
      const service = services.get(key);
      return service === undefined ? NO_ENDPOINTS : endpointTable.eligible(key, service);
    },
    allEndpoints: (key) => endpointTable.all(key),
    policy: (key) => policies.get(key),
    policiesFor: (workload) => policies.for(workload),
    workloads: () => workloads.values(),
    services: () => services.values(),
    policies: () => policies.values(),
    stagedServices: () => [...endpointTable.keys()].filter((key) => !services.has(key)),
    changes,
    apply(batch: MeshViewBatch) {
      const record = createChangeRecord();
      for (const name of batch.removedAddresses ?? []) removeAddress(name, record);
      for (const key of batch.removedPolicies ?? []) removePolicy(key, record);
      for (const service of batch.upsertServices ?? []) addService(service, record);
      for (const workload of batch.upsertWorkloads ?? []) addWorkload(workload, record);
      for (const policy of batch.upsertPolicies ?? []) setPolicy(policy, record);
      if (record.workloads.size + record.services.size + record.policies.size > 0) changes.emit(record);
    },
  };
}

interface ChangeRecord extends MeshViewChange {
  readonly workloads: Set<WorkloadUid>;
  readonly services: Set<ServiceKey>;
  readonly policies: Set<PolicyKey>;
  readonly policyNamespaces: Set<string>;
  everywhere: boolean;
}

function createChangeRecord(): ChangeRecord {
  const record: ChangeRecord = {
    workloads: new Set(),
    services: new Set(),
    policies: new Set(),
    policyNamespaces: new Set(),
    everywhere: false,
    concernsPoliciesOf: (workload) =>
      record.everywhere ||
      record.policyNamespaces.has(workload.namespace) ||
      record.workloads.has(workload.uid) ||
      workload.authorizationPolicies.some((key) => record.policies.has(key)),
  };
  return record;
}

function noteReach(policy: AuthorizationPolicy, record: ChangeRecord): void {
  record.policies.add(policy.key);
  if (policy.scope === 'global') record.everywhere = true;
  if (policy.scope === 'namespace') record.policyNamespaces.add(policy.namespace);
}

function vipKey(network: string, address: string): string {
  return `${network}/${address}`;
}

function isRange(vip: NetworkAddress): boolean {
  return vip.prefixLength !== undefined && vip.prefixLength < (ipFamily(vip.address) === 4 ? 32 : 128);
}

/** A service that lists one address twice must not be filed twice under it. */
function uniqueVips(service: Service): readonly NetworkAddress[] {
  if (service.addresses.length < 2) return service.addresses;
  const seen = new Map<string, NetworkAddress>();
  for (const vip of service.addresses) {
    const length = isRange(vip) ? vip.prefixLength : undefined;
    seen.set(`${vip.network}/${vip.address}/${length ?? ''}`, vip);
  }
  return [...seen.values()];
}
