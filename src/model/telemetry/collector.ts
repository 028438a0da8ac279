/** Where telemetry is sent as OTLP. */
export interface TelemetryCollector {
  /** `http://host:port`, with `http` perhaps a path behind it. */
  readonly endpoint: string;
  readonly protocol: 'grpc' | 'http';
  /** Sent with each request, as they were written. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}
