import type { HttpRequest } from '../../http/index.ts';
import { type FlowRequest, NOT_KEPT } from '../../model/index.ts';
import type { RequestContext } from '../request/request-context.ts';

/** As much of a path as is kept, without its query, which often holds what must not be kept. */
function shownPath(target: string): string {
  const end = target.indexOf('?');
  return target.slice(0, Math.min(end === -1 ? target.length : end, LONGEST_PATH));
}

/** Who asked for what, as much of it as is kept: a client may make any of it as long as the head of a request may be. */
export function shownRequest({ method, authority, target }: HttpRequest): {
  readonly method: string;
  readonly host: string;
  readonly path: string;
} {
  return {
    method: method.slice(0, LONGEST_METHOD),
    host: authority.slice(0, LONGEST_HOST),
    path: shownPath(target),
  };
}

/** What policies can see of a request: of headers and claims only those that policies in force ask for. */
export function flowRequest(request: HttpRequest, { plan, record }: RequestContext): FlowRequest {
  const { headers, claims } = plan.authorization.asked;
  const [token] = record.tokens;
  return {
    ...shownRequest(request),
    headers: headers.length === 0 ? NONE : headersOf(request, headers),
    tokenPrincipal: token === undefined ? '' : `${token.issuer}/${token.subject}`.slice(0, LONGEST_VALUE),
    claims: token === undefined || claims.length === 0 ? NONE : claimsOf(token.policyClaims, claims),
    status: record.status,
  };
}

function headersOf(request: HttpRequest, names: readonly string[]): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {};
  let left = LONGEST_VALUES;
  for (const name of names) {
    const value = request.headers.all(name).join(',');
    if (value === '') continue;
    // One cut short would be another.
    kept[name] = value.length <= Math.min(LONGEST_VALUE, left) ? value : NOT_KEPT;
    left -= kept[name].length;
  }
  return kept;
}

function claimsOf(
  claims: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {};
  let left = LONGEST_VALUES;
  for (const name of names) {
    if (!Object.hasOwn(claims, name)) continue;
    const text = JSON.stringify(claims[name]);
    kept[name] = text.length <= Math.min(LONGEST_VALUE, left) ? text : NOT_KEPT;
    left -= kept[name].length;
  }
  return kept;
}

const NONE: Readonly<Record<string, string>> = {};
const LONGEST_PATH = 256;
const LONGEST_VALUE = 1_024;
/** Of all headers together, and of all claims. */
const LONGEST_VALUES = 2_048;
/** Longer than any name of DNS with a port is. */
const LONGEST_HOST = 261;
const LONGEST_METHOD = 32;
