import type { ApiOptions } from '../running-mesh/index.ts';
import type { OutputFormat } from '../terminal/index.ts';

/** What `nodemesh policy try` takes. */
export interface TryFlags extends ApiOptions {
  readonly filename: readonly string[];
  readonly window: number;
  readonly flows?: string;
  readonly objects: readonly string[];
  readonly output: OutputFormat;
}
