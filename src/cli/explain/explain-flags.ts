import type { MeshPlaceOptions } from '../running-mesh/index.ts';
import type { OutputFormat } from '../terminal/index.ts';

/** What `nodemesh explain` takes. */
export interface ExplainFlags extends MeshPlaceOptions {
  readonly namespace?: string;
  readonly method: string;
  readonly path: string;
  readonly header: readonly string[];
  readonly host?: string;
  readonly jwt?: string;
  readonly jwks?: string;
  readonly tcp?: boolean;
  readonly sni: string;
  readonly filename: readonly string[];
  readonly trustDomain?: string;
  readonly rootNamespace?: string;
  readonly output: OutputFormat;
}
