import type { TelemetryCollector } from './collector.ts';

/** Which traces are told of, and where. */
export interface TracingSettings {
  /** Of traces that begin here: 0 to 1. Undefined: as the proxy's flags say. */
  readonly ratio: number | undefined;
  /** False: traces are passed on, and no span is told of. */
  readonly isReported: boolean;
  /** Undefined: the one that the proxy's flags name, if any. */
  readonly collector: TelemetryCollector | undefined;
  /** Attributes of each span. */
  readonly tags: readonly SpanTag[];
}

/** An attribute that each span gets beside its own. */
export type SpanTag =
  | { readonly name: string; readonly kind: 'literal'; readonly value: string }
  /** Of a request's header; `fallback` where it is not there and of connections. Empty: then there is no tag. */
  | { readonly name: string; readonly kind: 'header'; readonly header: string; readonly fallback: string };
