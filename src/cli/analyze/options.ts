import type { ObjectPlaceOptions } from '../object-store/index.ts';

export const REPORT_FORMATS = ['text', 'json', 'sarif'] as const;
export const FAIL_LEVELS = ['error', 'warning', 'info', 'never'] as const;

/** What the command was given. */
export interface AnalyzeOptions extends ObjectPlaceOptions {
  readonly output: (typeof REPORT_FORMATS)[number];
  readonly failOn: (typeof FAIL_LEVELS)[number];
  readonly level: 'error' | 'warning' | 'info';
  readonly suppress: readonly string[];
  readonly trustDomain: string;
  readonly clusterDomain: string;
  readonly rootNamespace: string;
  /** Default: as the mesh among the objects was installed, else false. */
  readonly sideBySide?: boolean;
  readonly sharedRoots?: boolean;
}
