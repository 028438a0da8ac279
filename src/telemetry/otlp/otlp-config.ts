/** Where telemetry goes as OpenTelemetry's OTLP. */
export interface OtlpConfig {
  /** `http://host:port` or `https://host:port`; with `http` a path may follow, which `/v1/traces` and `/v1/logs` are put behind. */
  readonly endpoint: string;
  /** OTLP over gRPC, or protobuf over HTTP. */
  readonly protocol: 'grpc' | 'http';
  /** Sent along with each request; of gRPC as metadata. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Who sends it, as OpenTelemetry's resource attributes. */
export type OtlpResource = Readonly<Record<string, string>>;
