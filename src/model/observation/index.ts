export {
  type ApiAnswers,
  type ApiPath,
  type ApiProblem,
  LIVE_PATH,
  type LiveFollow,
  type LiveMessage,
  type LiveTopic,
  type RequestView,
} from './api.ts';
export type {
  ObservationReceipt,
  ObservationReport,
  ObservedBatch,
  ProxyDiscovery,
  ProxyDiscoveryType,
  ProxyState,
  ReportRelayed,
} from './report.ts';
export {
  type FlowRecord,
  type FlowRequest,
  isHearsay,
  NOT_KEPT,
  type RefusalView,
  type RefusedRequest,
  type TraceSpan,
} from './events.ts';
export { defaultRouteView, isDefaultRoute, routeViews } from './route-views.ts';
export {
  KEPT_MS,
  LATENCY_BOUNDS_MS,
  type LatencyCounts,
  type ServicePort,
  SLOT_MS,
  type TrafficCounts,
  type TrafficEdge,
  type TrafficEnd,
  type TrafficSlot,
} from './traffic.ts';
export {
  type ApiInfo,
  type CertificateView,
  type ConnectionView,
  NO_COUNTS,
  NO_RATES,
  type PolicyView,
  type ProxyView,
  type Rates,
  type ServiceProblem,
  type ServiceSeries,
  type ServiceView,
  type Topology,
  type TopologyEdge,
  type TopologyNode,
  type WaypointView,
  type WorkloadCost,
  type WorkloadView,
} from './views.ts';
export { parseWebAddress } from './web-address.ts';
