import {
  bodyOf,
  HeaderList,
  type HttpRequest,
  type HttpResponse,
  NO_BODY,
  readBody,
} from '../../../http/index.ts';
import type { Authorizer, HeaderPattern, HttpAuthorizer } from '../../../model/index.ts';
import type { CheckedHeader } from '../../../wire/index.ts';
import { WaypointError } from '../../errors.ts';
import { isSettableHeader } from '../../request/settable-header.ts';
import type { AuthorizerAnswer } from './authorizer-answer.ts';
import { PARTIAL_BODY_HEADER, type QuestionedRequest, shownTo } from './question.ts';

/** The request itself, with the part of its head and body that the authorizer is to see. */
export function httpQuestion(
  { request, body }: QuestionedRequest,
  protocol: HttpAuthorizer,
  { requestBody }: Authorizer,
): HttpRequest {
  const shown = shownTo(requestBody, body);
  const headers = new HeaderList(
    [...request.headers].filter(([name]) => {
      const lower = name.toLowerCase();
      return (
        lower === 'authorization' || (isSettableHeader(lower) && matches(protocol.includeHeaders, lower))
      );
    }),
  );
  if (shown !== undefined) headers.set(PARTIAL_BODY_HEADER, String(shown.isPartial));
  for (const { name, value } of protocol.additionalHeaders)
    if (isSettableHeader(name.toLowerCase())) headers.set(name, value);
  return {
    version: '1.1',
    method: request.method,
    scheme: request.scheme,
    authority: request.authority,
    target: `${protocol.pathPrefix}${request.target}`,
    headers,
    body: shown === undefined ? NO_BODY : bodyOf(shown.bytes),
    upgrade: undefined,
    expectContinue: false,
  };
}

/** A 200 lets through; of what fails itself nothing is an answer. Rejects with a MeshError then. */
export async function httpAnswer(
  { status, headers, body }: HttpResponse,
  protocol: HttpAuthorizer,
): Promise<AuthorizerAnswer> {
  const bytes = await readBody(body, LONGEST_ANSWER_BYTES);
  if (status >= 500)
    throw new WaypointError({
      code: 'ERR_WAYPOINT_AUTHORIZER',
      blame: 'upstream',
      message: `expected a status below 500, got ${status}`,
    });
  if (status !== 200)
    return { allowed: false, status, headers: refusalHeaders(headers, protocol), body: bytes };
  return {
    allowed: true,
    requestHeaders: replacing(headers, protocol.toUpstreamOnAllow),
    removedHeaders: headers
      .all('x-envoy-auth-headers-to-remove')
      .flatMap((names) => names.split(','))
      .map((name) => name.trim().toLowerCase()),
    setParameters: [],
    removedParameters: [],
    responseHeaders: replacing(headers, protocol.toDownstreamOnAllow),
  };
}

/** Without a list everything; with one also what the answer cannot be understood without. */
function refusalHeaders(headers: HeaderList, { toDownstreamOnDeny }: HttpAuthorizer): HeaderList {
  return new HeaderList(
    [...headers].filter(([name]) => {
      const lower = name.toLowerCase();
      return (
        isSettableHeader(lower) &&
        (toDownstreamOnDeny.length === 0 || ALWAYS_ON_DENY.has(lower) || matches(toDownstreamOnDeny, lower))
      );
    }),
  );
}

/** Of several fields of one name the first replaces what is there, the others come beside it. */
function replacing(headers: HeaderList, patterns: readonly HeaderPattern[]): readonly CheckedHeader[] {
  const seen = new Set<string>();
  return [...headers].flatMap(([written, value]): CheckedHeader[] => {
    const name = written.toLowerCase();
    if (!matches(patterns, name)) return [];
    const action = seen.has(name) ? 'add' : 'set';
    seen.add(name);
    return [{ name, value, action }];
  });
}

function matches(patterns: readonly HeaderPattern[], lowerName: string): boolean {
  return patterns.some((pattern) => fits(pattern, lowerName));
}

function fits({ kind, value }: HeaderPattern, lowerName: string): boolean {
  switch (kind) {
    case 'exact':
      return lowerName === value;
    case 'prefix':
      return lowerName.startsWith(value);
    case 'suffix':
      return lowerName.endsWith(value);
  }
}

const ALWAYS_ON_DENY: ReadonlySet<string> = new Set([
  'www-authenticate',
  'location',
  'content-type',
  'content-encoding',
]);
const LONGEST_ANSWER_BYTES = 1_048_576;
