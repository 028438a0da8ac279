import type {
  ApiInfo,
  CertificateView,
  ConnectionView,
  PolicyView,
  ProxyView,
  Rates,
  ServiceView,
  WaypointView,
  WorkloadView,
} from '../../model/index.ts';
import type { Clock } from '../../base/index.ts';
import type { ObservationStore } from '../observation/index.ts';

/** A pod as its process knows it. Without rates of its own it gets those of its workload, from what was observed. */
export type WorkloadFacts = Omit<WorkloadView, 'rates'> & { readonly rates?: Rates | undefined };

/** A service as its process knows it; its traffic is added from what was observed. */
export type ServiceFacts = Omit<ServiceView, 'rates' | 'problems'> & {
  /** Whether all of its endpoints are enrolled. Undefined: whether its traffic is encrypted tells. */
  readonly inMesh?: boolean | undefined;
};

/** A waypoint; without rates of its own it gets what was observed to go through it. */
export type WaypointFacts = Omit<WaypointView, 'rates'> & { readonly rates?: Rates | undefined };

/**
 * What the API tells beside what was observed: the state of things now. Called for each request and, of workloads, every two
 * seconds for each reader of the live feed that follows them.
 */
export interface Facts {
  info(): Omit<ApiInfo, 'nowMs'>;
  workloads(windowMs: number): readonly WorkloadFacts[];
  services(): readonly ServiceFacts[];
  /** The newest `limit`, and how many there are; with an age the oldest of those that are at least so old, and how many they are. */
  connections(
    limit: number,
    leastAgeMs: number,
  ): { readonly connections: readonly ConnectionView[]; readonly total: number };
  certificates(): readonly CertificateView[];
  policies(): readonly PolicyView[];
  waypoints(windowMs: number): readonly WaypointFacts[];
  proxies(): readonly ProxyView[];
}

/** Where answers come from. */
export interface ApiSources {
  readonly store: ObservationStore;
  readonly facts: Facts;
  readonly clock: Clock;
}
