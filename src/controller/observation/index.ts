export { createMeshFacts } from './facts/mesh-facts.ts';
export { listenDashboard } from './listen-dashboard.ts';
export {
  createObservationService,
  type ObservationService,
  type ReportedProxy,
} from './observation-service.ts';
