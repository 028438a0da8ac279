import type { AdmissionObject } from './admission-object.ts';

/** A module of a user's that sees requests and responses (docs/filters.md). */
export interface Filter extends AdmissionObject {
  /** TypeScript, or why there is none: then every request goes as `failure` says. */
  readonly source: FilterSource;
  /** JSON text of an object; what the module is given as its configuration. */
  readonly config: string;
  /** For each call, in milliseconds. */
  readonly timeLimitMs: number;
  readonly memoryBytes: number;
  /** What becomes of a request whose filter fails: refused, or as if there were no filter. */
  readonly failure: 'open' | 'closed';
  readonly body: FilterBody;
}

/** The module's text, or why there is none: then the filter's failure mode decides. */
export type FilterSource =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing'; readonly message: string };

/** Which bodies the module sees and may replace. They are held in memory whole. */
export interface FilterBody {
  readonly request: boolean;
  readonly response: boolean;
  /** A longer one is a failure. */
  readonly maximumBytes: number;
}
