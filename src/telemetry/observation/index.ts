export { type EventFilter, matchesEnds } from './event-filter.ts';
export type { Follower } from './followers.ts';
export type { ObservationLimits } from './observation-limits.ts';
export {
  createObservationStore,
  type ObservationStore,
  type ObservationStoreOptions,
} from './observation-store.ts';
export type { CountsOfOne, Observer } from './observer.ts';
export type { KnownNodes, SlowBackend } from './traffic/index.ts';
export type { RatesByName, TrafficQueries } from './traffic-queries.ts';
