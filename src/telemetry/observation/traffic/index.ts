export { ratesOf } from './rates.ts';
export { type SlowBackend, slowBackends } from './slow-backends.ts';
export { Tally } from './tally.ts';
export { endName, toldOnce } from './told-once.ts';
export { type KnownNodes, topologyOf } from './topology.ts';
export {
  createTrafficHistory,
  type EdgeTally,
  MOST_AHEAD_MS,
  slotStart,
  type TrafficHistory,
} from './traffic-history.ts';
