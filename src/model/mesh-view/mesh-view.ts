import type { Signal } from '../../base/index.ts';
import type { AuthorizationPolicy } from '../authorization.ts';
import type { IpAddress } from '../ip-address.ts';
import type { PortMapping, Service, ServiceKey } from '../service.ts';
import type { PolicyKey, Workload, WorkloadUid } from '../workload.ts';

/** One workload as a member of one service. */
export interface Endpoint {
  readonly workload: Workload;
  readonly service: ServiceKey;
  /** The workload's own mappings for this service; where one is missing or 0, the service's decides. */
  readonly ports: readonly PortMapping[];
}

/** The policies that judge connections to one workload. */
export interface ApplicablePolicies {
  /** Global, of its namespace, and named by it; by key. The same array as long as nothing changed, so it can key a cache. */
  readonly policies: readonly AuthorizationPolicy[];
  /** Named by the workload but not known (yet): nothing may be allowed until they are here. */
  readonly missing: readonly PolicyKey[];
}

/** What one batch changed. All sets also name what was removed. */
export interface MeshViewChange {
  readonly workloads: ReadonlySet<WorkloadUid>;
  /** Services that changed themselves, and those whose endpoints did. */
  readonly services: ReadonlySet<ServiceKey>;
  readonly policies: ReadonlySet<PolicyKey>;
  /** True if `policiesFor(workload)` may now answer differently: its connections are to be judged again. */
  concernsPoliciesOf(workload: Workload): boolean;
}

/** What one message of the control plane says. Removals are applied before upserts. */
export interface MeshViewBatch {
  readonly upsertWorkloads?: readonly Workload[] | undefined;
  readonly upsertServices?: readonly Service[] | undefined;
  /** Each a workload's uid or a service's `<namespace>/<hostname>`; uids are tried first (wire.md §2.6). Unknown ones are ignored. */
  readonly removedAddresses?: readonly string[] | undefined;
  readonly upsertPolicies?: readonly AuthorizationPolicy[] | undefined;
  readonly removedPolicies?: readonly PolicyKey[] | undefined;
}

/** The in-memory index of the mesh. Lookups are pure and cheap; arrays they return must not be changed. */
export interface MeshView {
  workload(uid: WorkloadUid): Workload | undefined;
  /**
   * Whose address this is. Workloads on their host's network share it with the node's own processes, so they are never
   * the answer. While two claim one address (it was handed on), a healthy pod is preferred.
   */
  workloadAt(network: string, address: IpAddress): Workload | undefined;
  /** All that claim the address, host-network ones too. */
  workloadsAt(network: string, address: IpAddress): readonly Workload[];
  /** The service that a client in `forNamespace` reaches at this address: exact addresses before ranges. */
  serviceAt(network: string, address: IpAddress, forNamespace: string): Service | undefined;
  service(key: ServiceKey): Service | undefined;
  serviceByHostname(hostname: string, forNamespace: string): Service | undefined;
  /** Eligible endpoints of a known service: healthy ones, or all where the service wants all. The same array until it changes. */
  endpoints(key: ServiceKey): readonly Endpoint[];
  /** Eligible or not. */
  allEndpoints(key: ServiceKey): readonly Endpoint[];
  policy(key: PolicyKey): AuthorizationPolicy | undefined;
  policiesFor(workload: Workload): ApplicablePolicies;
  workloads(): IterableIterator<Workload>;
  services(): IterableIterator<Service>;
  policies(): IterableIterator<AuthorizationPolicy>;
  /** Services that workloads name but that are not known. */
  stagedServices(): readonly ServiceKey[];
  /** One notice for each batch that changed anything. */
  readonly changes: Signal<MeshViewChange>;
}

/** The view's writing side, for whoever feeds it. */
export interface MeshViewStore extends MeshView {
  /** Applies everything, then gives one notice. */
  apply(batch: MeshViewBatch): void;
}
