import type { Field } from '../fields/index.ts';
import { parseModeMatch, parseNullableBoolean, parseProviders, type WorkloadMode } from './workload-mode.ts';

/** One entry of `accessLogging`. */
export interface AccessLoggingObject {
  readonly mode: WorkloadMode;
  readonly providers: readonly string[];
  readonly disabled: boolean | undefined;
  /** An expression. Undefined: not said. */
  readonly filter: string | undefined;
}

/** `disabled` undefined: not said. */
export function parseAccessLogging(field: Field): AccessLoggingObject {
  field.object(['match', 'providers', 'disabled', 'filter']);
  return {
    mode: parseModeMatch(field.key('match')),
    providers: parseProviders(field.key('providers')),
    disabled: parseNullableBoolean(field.key('disabled')),
    filter: field.key('filter').object(['expression']).key('expression').text(),
  };
}
