export { ratesOf } from './rates.ts';
export { type SlowBackend, slowBackends } from './slow-backends.ts';
export { Tally } from './tally.ts';
export { toldOnce } from './told-once.ts';
export { endName } from './edge-ends.ts';
export { type KnownNodes, topologyOf } from './topology.ts';
export {
  createTrafficHistory,
  type EdgeTally,
  MOST_AHEAD_MS,
  slotStart,
  type TrafficHistory,
} from './traffic-history.ts';
