import { type HttpRequest, type HttpResponse, HeaderList, bodyOf, readBody } from '../../../http/index.ts';
import type { Authorizer } from '../../../model/index.ts';
import {
  type CheckedHttp,
  decodeCheckResponse,
  encodeCheckRequest,
  frameMessage,
  unframeMessage,
  WireError,
} from '../../../wire/index.ts';
import { GRPC } from '../../respond.ts';
import { headersOf } from './apply-answer.ts';
import type { AuthorizerAnswer } from './authorizer-answer.ts';
import { PARTIAL_BODY_HEADER, type Question, type QuestionedRequest, shownTo } from './question.ts';

/** Envoy's `Authorization/Check`, as a request like any other. */
export function grpcQuestion(
  question: Question,
  authorizer: Authorizer,
  times: { readonly nowMs: number },
): HttpRequest {
  const { client, dialled } = question.parties;
  const message = encodeCheckRequest({
    source: { address: client.address, port: client.port, principal: client.identity.id },
    destination: { address: dialled.address, port: dialled.port, principal: '' },
    sni: question.sni,
    receivedMs: times.nowMs,
    http: question.http && checkedHttp(question.http, authorizer),
  });
  const host = authorizer.service.slice(authorizer.service.indexOf('/') + 1);
  return {
    version: '2',
    method: 'POST',
    scheme: 'http',
    authority: `${host}:${authorizer.port}`,
    target: '/envoy.service.auth.v3.Authorization/Check',
    headers: new HeaderList([
      ['content-type', 'application/grpc'],
      ['te', 'trailers'],
      ['grpc-timeout', `${Math.min(authorizer.timeoutMs, LONGEST_TIMEOUT_MS)}m`],
      ['user-agent', 'nodemesh'],
    ]),
    body: bodyOf(frameMessage([message])),
    upgrade: undefined,
    expectContinue: false,
  };
}

/** Rejects with a MeshError where that is no answer. */
export async function grpcAnswer(response: HttpResponse): Promise<AuthorizerAnswer> {
  const body = await readBody(response.body, LONGEST_ANSWER_BYTES);
  const status = statusOf(response);
  if (status !== GRPC.OK)
    throw new WireError({
      code: 'ERR_WIRE_REMOTE',
      blame: 'upstream',
      message: `expected gRPC status 0, got ${status ?? `none, with HTTP status ${response.status}`}`,
    });
  const answer = decodeCheckResponse(unframeMessage(body));
  if (answer.allowed) return answer;
  return {
    allowed: false,
    status: answer.status ?? 403,
    headers: headersOf(answer.headers),
    body: Buffer.from(answer.body),
  };
}

/** In the trailers, or where there is nothing but a head in that. */
function statusOf({ status, headers, body }: HttpResponse): number | undefined {
  const text = body.trailers()?.get('grpc-status') ?? headers.get('grpc-status');
  return status === 200 && text !== undefined && /^\d{1,3}$/.test(text) ? Number(text) : undefined;
}

function checkedHttp({ request, body }: QuestionedRequest, { requestBody }: Authorizer): CheckedHttp {
  const { method, scheme, authority, target, version } = request;
  const shown = shownTo(requestBody, body);
  return {
    id: request.headers.get('x-request-id') ?? '',
    method,
    scheme,
    host: authority,
    path: target,
    protocol: `HTTP/${version}`,
    headers: headerMap(request, shown?.isPartial),
    sizeBytes: request.body.length,
    body: shown && { bytes: shown.bytes, asBytes: requestBody?.asBytes ?? false },
  };
}

function headerMap(request: HttpRequest, partial: boolean | undefined): ReadonlyMap<string, string> {
  const { headers, method, scheme, authority, target } = request;
  const map = new Map([
    [':method', method],
    [':scheme', scheme],
    [':authority', authority],
    [':path', target],
  ]);
  for (const [name] of headers) {
    const lower = name.toLowerCase();
    // RFC 9113 §8.2.3.
    if (!map.has(lower)) map.set(lower, unicode(headers.all(lower).join(lower === 'cookie' ? '; ' : ',')));
  }
  if (partial !== undefined) map.set(PARTIAL_BODY_HEADER, String(partial));
  return map;
}

/** Text in protobuf is UTF-8; what is not is replaced. */
function unicode(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** gRPC over HTTP/2: eight digits. */
const LONGEST_TIMEOUT_MS = 99_999_999;
const LONGEST_ANSWER_BYTES = 1_048_576;
