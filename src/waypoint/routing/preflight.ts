import type { HttpRequest } from '../../http/index.ts';
import type { CorsFilter } from '../../model/index.ts';
import type { RouteSelection } from './route-selection.ts';

/** A browser's question before a request to another origin (Fetch Standard, CORS-preflight request). */
export function isPreflight({ method, headers }: HttpRequest): boolean {
  return method === 'OPTIONS' && headers.has('origin') && headers.has(REQUESTED_METHOD);
}

/** The request that a preflight asks about, as far as it tells. */
export function askedAbout(preflight: HttpRequest): HttpRequest {
  return { ...preflight, method: preflight.headers.get(REQUESTED_METHOD) ?? '' };
}

/** The first one of the rule; undefined where the request met no rule. */
export function corsFilterOf(selection: RouteSelection): CorsFilter | undefined {
  if (selection.kind !== 'rule') return undefined;
  return selection.rule.filters.find((filter) => filter.type === 'cors');
}

const REQUESTED_METHOD = 'access-control-request-method';
