export {
  beginRecord,
  type ConnectionBytes,
  type ConnectionDetails,
  type ConnectionEnd,
  type ConnectionJournal,
  type ConnectionLife,
  type ConnectionRecord,
  type Direction,
  type OpenConnection,
  type Protocol,
} from './connections/connection-record.ts';
export {
  type Cutter,
  createCutter,
  joinStreams,
  type Splice,
  type SpliceStreams,
} from './connections/join.ts';
export { untilKnown } from './connections/until-known.ts';
export {
  type ControllerClient,
  type ControlPlaneConfig,
  createControllerClient,
} from './control-plane/controller-client.ts';
export {
  addressSubscription,
  type HeldVersions,
  notUnderstood,
  trustBundleSubscription,
} from './control-plane/mesh-subscriptions.ts';
export { formatDurationMs } from './options/duration.ts';
export type { HostPort } from './options/host-port.ts';
export {
  hostPort,
  durationMs,
  absolutePath,
  listenAddress,
  logFormat,
  logLevel,
  refusalDetails,
  svidTtlMs,
  trustDomain,
  webAddress,
} from './options/option-values.ts';
export { createProblems, type Problems, parseOrNote, requiredText } from './options/problems.ts';
export { byteSize, rangedDurationMs, wholeNumber } from './options/ranged-values.ts';
export { ProxyError, type ProxyErrorOptions } from './proxy-error.ts';
export { connectionView } from './records/connection-view.ts';
export { createJournal } from './records/journal.ts';
export {
  createObservingJournal,
  joinJournals,
  type ObservingJournal,
} from './records/observing-journal.ts';
export { createPolicyHits, type HitCounts, type PolicyHits } from './records/policy-hits.ts';
export { decidedBy, type Verdict, verdictOf } from './records/refusal.ts';
export { createRefusalTeller, type RefusalDetails, type RefusalTeller } from './records/refusal-teller.ts';
export { createEdgeBook, type EdgeBook } from './records/traffic-edge.ts';
export type { FlagTable } from './records/response-flags.ts';
export { createRejectionRecorder } from './records/tunnel-rejections.ts';
export {
  createObservationReporter,
  type ObservationReporter,
  type ObservationReporterOptions,
} from './reports/observation-reporter.ts';
export { failuresJournal } from './telemetry/failures-alone.ts';
export {
  TELEMETRY_DEFAULTS,
  type TelemetryConfig,
  type TelemetryOptions,
  telemetryConfig,
} from './telemetry/telemetry-config.ts';
export { tracedJournal } from './telemetry/traced-journal.ts';
export { createProxyTelemetry, type ProxyTelemetry } from './telemetry/proxy-telemetry.ts';
export type { RulesOf, TelemetryRules } from './telemetry/telemetry-rules.ts';
export { createHeldIdentities } from './tunnels/held-identities.ts';
export { createPeerJudge, type HeldIdentity, type PeerJudge } from './tunnels/held-identity.ts';
export type { SessionKey } from './tunnels/session-key.ts';
export {
  createWorkloadSessionPool,
  type SessionPool,
  type SessionPoolOptions,
} from './tunnels/session-pool.ts';
export { baggageOf } from './tunnels/tunnel-head.ts';
export { createTunnelListener, type TunnelRejection } from './tunnels/tunnel-listener.ts';
export type { TunnelRequest } from './tunnels/tunnel-request.ts';
export { certificateViews } from './views/certificate-views.ts';
