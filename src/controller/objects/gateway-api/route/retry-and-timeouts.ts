import type { Field } from '../../fields/index.ts';
import { parseSet } from '../name-rules.ts';
import { parseDuration } from './duration.ts';

/** Undefined: unset. Zero: no limit. */
export interface RouteTimeoutFields {
  readonly requestMs: number | undefined;
  readonly backendRequestMs: number | undefined;
}

/** When requests are tried again; undefined: unset. */
export interface RouteRetryFields {
  readonly attempts: number | undefined;
  readonly codes: readonly number[];
  readonly backoffMs: number | undefined;
}

/** `backendRequest` may be no longer than `request`. */
export function parseTimeouts(field: Field): RouteTimeoutFields {
  field.object(['request', 'backendRequest']);
  const requestMs = parseDuration(field.key('request'));
  const backendRequestMs = parseDuration(field.key('backendRequest'));
  if (requestMs !== undefined && requestMs !== 0 && (backendRequestMs ?? 0) > requestMs) {
    field.key('backendRequest').issue('no more than the request timeout beside it');
  }
  return { requestMs, backendRequestMs };
}

/** Undefined where the rule has none. */
export function parseRetry(field: Field): RouteRetryFields | undefined {
  if (!field.present) return undefined;
  field.object(['attempts', 'codes', 'backoff']);
  return {
    attempts: field.key('attempts').integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    codes: parseSet(field.key('codes'), Number.POSITIVE_INFINITY, (item) =>
      item.integer({ minimum: 400, maximum: 599 }),
    ),
    backoffMs: parseDuration(field.key('backoff')),
  };
}
