/** The metrics of Istio's that Telemetry objects can change, in its words. */
export const TELEMETRY_METRICS = [
  'REQUEST_COUNT',
  'REQUEST_DURATION',
  'REQUEST_SIZE',
  'RESPONSE_SIZE',
  'TCP_OPENED_CONNECTIONS',
  'TCP_CLOSED_CONNECTIONS',
  'TCP_SENT_BYTES',
  'TCP_RECEIVED_BYTES',
] as const;

/** A name in TELEMETRY_METRICS. */
export type TelemetryMetric = (typeof TELEMETRY_METRICS)[number];

/** How one metric differs from what it always is. */
export interface MetricSettings {
  readonly metric: TelemetryMetric;
  /** True: it is not counted. */
  readonly isDisabled: boolean;
  readonly labels: readonly MetricLabelChange[];
}

/** Undefined: the label is left out. */
export interface MetricLabelChange {
  readonly label: string;
  readonly value: string | undefined;
}
