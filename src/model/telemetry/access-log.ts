import type { TelemetryCollector } from './collector.ts';

/** One access log of several. */
export interface AccessLogSettings {
  /** The name of the provider that it came from. */
  readonly provider: string;
  readonly destination: AccessLogDestination;
  /** Only records of which this expression is true; empty: all. */
  readonly filter: string;
}

/** Where the records of one access log go. */
export type AccessLogDestination =
  /** Where the proxy's flags send it. */
  | { readonly kind: 'own' }
  /** The process's own log. Without a format its records are as all others of the log. */
  | { readonly kind: 'log'; readonly format: LineFormat | undefined }
  | { readonly kind: 'otlp'; readonly collector: TelemetryCollector };

/** A line that is put together from what is known of the record. */
export type LineFormat =
  | { readonly kind: 'text'; readonly pieces: readonly LinePiece[] }
  | { readonly kind: 'json'; readonly fields: readonly LineField[] };

/** A field of a line of JSON. */
export interface LineField {
  readonly name: string;
  readonly pieces: readonly LinePiece[];
}

/** Text as it is, the time when what is told of began, or the value of an expression; one that fails becomes `-`. */
export type LinePiece =
  | { readonly text: string }
  | { readonly time: 'start' }
  /** `maxLength`: what is longer is cut. Undefined: not. */
  | { readonly expression: string; readonly maxLength: number | undefined };
