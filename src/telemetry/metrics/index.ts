export { registerWorkloadMetrics, type WorkloadWork } from './workload-metrics.ts';
export { type AdmissionGauges, type AdmissionMetrics, createAdmissionMetrics } from './admission-metrics.ts';
export {
  type CountedRequest,
  createHttpMetrics,
  type HttpMetrics,
  type HttpMetricsOptions,
  NO_HTTP_METRICS,
} from './http-metrics.ts';
export {
  type HeldCertificate,
  registerCertificateMetrics,
  registerRevocationMetrics,
} from './certificate-metrics.ts';
export { createDecisionMetrics, type DecisionMetrics } from './decision-metrics.ts';
export { compileMetricRules, type MetricRules } from './metric-rules.ts';
export { METRICS, type MetricDescription, REQUEST_LABELS, TRAFFIC_LABELS } from './metric-table.ts';
export {
  createNodeMetrics,
  createXdsMetrics,
  type NodeMetrics,
  type NodeMetricsOptions,
  type XdsMetrics,
  type XdsTermination,
} from './node-metrics.ts';
export { type ProcessMetricsOptions, registerProcessMetrics } from './process-metrics.ts';
export { createMetricsRegistry, type MetricsRegistry, makeCounter, makeGauge } from './registry.ts';
export {
  type CountedConnection,
  createTcpMetrics,
  type TcpMetrics,
  type TcpMetricsOptions,
  type TrafficBytes,
} from './tcp-metrics.ts';
export { createSeriesBuckets, observe, SeriesHistogram } from './series/series-histogram.ts';
export { createTunnelMetrics, type TunnelMetrics } from './tunnel-metrics.ts';
export type { ResponseFlags, Traffic, TrafficParty } from './series/traffic-series.ts';
