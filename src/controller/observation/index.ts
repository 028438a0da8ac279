export { createMeshFacts } from './facts/mesh-facts.ts';
export { listenDashboard } from './listen-dashboard.ts';
export {
  createObservationService,
  type ObservationService,
  type ReportedProxy,
} from './observation-service.ts';
export { discoveryOf } from './proxy-discovery.ts';
export { createObservationRelay, type ObservationRelay } from './relay/index.ts';
