import { HeaderList, type HttpRequest, type HttpResponse, NO_BODY } from '../../../http/index.ts';
import type { HttpMatch, RedirectFilter } from '../../../model/index.ts';
import { portOf } from '../../routing/request-facts.ts';
import { replacePath } from './replace-path.ts';

/** The answer of a redirect filter to a request. */
export function redirect(request: HttpRequest, filter: RedirectFilter, match: HttpMatch): HttpResponse {
  const headers = new HeaderList([['location', locationOf(request, filter, match)]]);
  return { status: filter.status, headers, body: NO_BODY };
}

/**
 * Scheme, host and path are the request's where the filter names none. The port is the filter's, else the well-known one of
 * a scheme that the filter names, else the one by which the client named the service; a well-known port is never written
 * (Gateway API, HTTPRequestRedirectFilter).
 */
function locationOf(request: HttpRequest, filter: RedirectFilter, match: HttpMatch): string {
  const scheme = filter.scheme ?? request.scheme;
  const host = filter.hostname ?? request.authority.replace(/:\d*$/, '');
  const port =
    filter.port ?? (filter.scheme === undefined ? portOf(request.authority) : WELL_KNOWN_PORTS.get(scheme));
  const suffix = port === undefined || port === WELL_KNOWN_PORTS.get(scheme) ? '' : `:${port}`;
  const target = filter.path === undefined ? request.target : replacePath(request.target, filter.path, match);
  return `${scheme}://${host}${suffix}${target}`;
}

const WELL_KNOWN_PORTS: ReadonlyMap<string, number> = new Map([
  ['http', 80],
  ['https', 443],
]);
