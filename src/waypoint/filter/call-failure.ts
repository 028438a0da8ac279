import { formatDurationMs } from '../../proxy/index.ts';
import type { Filter } from '../../model/index.ts';
import { WaypointError, type WaypointErrorCode } from '../errors.ts';

/** Why a filter did not do its part with a message; the word that metrics have for it. */
export type FilterTrouble =
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'crashed' }
  | { readonly kind: 'overloaded' }
  | { readonly kind: 'unavailable'; readonly message: string }
  | { readonly kind: 'body-too-long' };

/** What a request is refused with because of it. An answer that the filter did not get through is a bad gateway. */
export function troubleError(
  filter: Filter,
  hook: 'request' | 'response',
  trouble: FilterTrouble,
): WaypointError {
  const { code, message } = describeTrouble(filter, trouble);
  const name = `${filter.namespace}/${filter.name}`;
  return new WaypointError({
    code,
    blame: trouble.kind === 'body-too-long' ? (hook === 'request' ? 'downstream' : 'upstream') : 'local',
    message: `Filter ${name}, ${hook === 'request' ? 'onRequest' : 'onResponse'}: ${message}`,
    hint: `${HINTS[trouble.kind] ?? ''}spec.failure: Open lets requests pass a filter that fails`,
    policy: name,
    ...(hook === 'response' ? { answer: { status: 502 } } : {}),
  });
}

function describeTrouble(
  { timeLimitMs, body }: Filter,
  trouble: FilterTrouble,
): { readonly code: WaypointErrorCode; readonly message: string } {
  switch (trouble.kind) {
    case 'failed':
      return { code: 'ERR_WAYPOINT_FILTER_FAILED', message: trouble.message };
    case 'timed-out':
      return {
        code: 'ERR_WAYPOINT_FILTER_TIMEOUT',
        message: `expected it to be done within ${formatDurationMs(timeLimitMs)}, it was not`,
      };
    case 'crashed':
      return { code: 'ERR_WAYPOINT_FILTER_CRASHED', message: 'its process ended' };
    case 'overloaded':
      return { code: 'ERR_WAYPOINT_FILTER_OVERLOADED', message: 'more requests wait for it than may' };
    case 'unavailable':
      return { code: 'ERR_WAYPOINT_FILTER_UNAVAILABLE', message: trouble.message };
    case 'body-too-long':
      return {
        code: 'ERR_WAYPOINT_FILTER_BODY',
        message: `expected a body of at most ${body.maximumBytes} bytes, got a longer one`,
      };
  }
}

/** What would help, where it is not the module itself that has to. */
const HINTS: Partial<Readonly<Record<FilterTrouble['kind'], string>>> = {
  'timed-out': 'spec.limits.time gives it more time; ',
  crashed: 'spec.limits.memory gives it more memory; ',
  overloaded: 'more replicas of the waypoint share the load; ',
  'body-too-long': 'spec.body.maxBytes lets it see longer ones; ',
};
