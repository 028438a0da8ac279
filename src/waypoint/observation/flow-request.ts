import type { HttpRequest } from '../../http/index.ts';
import { type FlowRequest, NOT_KEPT } from '../../model/index.ts';
import type { RequestContext } from '../request/request-context.ts';

/** As much of a path as is kept, without its query, which often holds what must not be kept. */
export function shownPath(target: string): string {
  const end = target.indexOf('?');
  return target.slice(0, Math.min(end === -1 ? target.length : end, LONGEST_PATH));
}

/** What policies can see of a request: of headers and claims only those that policies in force ask for. */
export function flowRequest(request: HttpRequest, { plan, record }: RequestContext): FlowRequest {
  const { headers, claims } = plan.authorization.asked;
  const [token] = record.tokens;
  return {
    method: request.method,
    host: request.authority,
    path: shownPath(request.target),
    headers: headers.length === 0 ? NONE : headersOf(request, headers),
    tokenPrincipal: token === undefined ? '' : `${token.issuer}/${token.subject}`,
    claims: token === undefined || claims.length === 0 ? NONE : claimsOf(token.policyClaims, claims),
    status: record.status,
  };
}

function headersOf(request: HttpRequest, names: readonly string[]): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {};
  for (const name of names) {
    const value = request.headers.all(name).join(',');
    // One cut short would be another.
    if (value !== '') kept[name] = value.length <= LONGEST_VALUE ? value : NOT_KEPT;
  }
  return kept;
}

function claimsOf(
  claims: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {};
  for (const name of names) {
    if (!Object.hasOwn(claims, name)) continue;
    const text = JSON.stringify(claims[name]);
    kept[name] = text.length <= LONGEST_VALUE ? text : NOT_KEPT;
  }
  return kept;
}

const NONE: Readonly<Record<string, string>> = {};
const LONGEST_PATH = 256;
const LONGEST_VALUE = 1_024;
