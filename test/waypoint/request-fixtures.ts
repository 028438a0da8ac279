import { Readable } from 'node:stream';
import {
  HeaderList,
  type HttpBody,
  type HttpRequest,
  type HttpResponse,
  NO_BODY,
} from '../../src/http/index.ts';
import { parseSpiffeId, type Service, type TrafficSettings } from '../../src/model/index.ts';
import { NOTHING_HOLDS } from '../../src/waypoint/admission/holding-objects.ts';
import { NO_AUTHENTICATION } from '../../src/waypoint/authentication/authentication-plan.ts';
import { NO_AUTHORIZATION } from '../../src/waypoint/authorization/authorization-plan.ts';
import type { Handler } from '../../src/waypoint/request/layer.ts';
import type { RequestContext } from '../../src/waypoint/request/request-context.ts';
import { createRequestRecord } from '../../src/waypoint/request/request-record.ts';
import { EMPTY_ROUTE_TABLE, type RouteTable } from '../../src/waypoint/routing/route-table.ts';
import { EMPTY_STREAM_ROUTE_TABLE } from '../../src/waypoint/routing/stream-route-table.ts';
import { DEFAULT_TRAFFIC_SETTINGS } from '../../src/waypoint/traffic/default-settings.ts';
import { ip, makeService } from '../model/mesh-fixtures.ts';

export type Fields = Readonly<Record<string, string>>;

/** A GET of `/` to the service `echo` unless told otherwise. */
export function makeRequest(
  over: Partial<Omit<HttpRequest, 'headers'>> & { headers?: Fields } = {},
): HttpRequest {
  const { headers = {}, ...rest } = over;
  return {
    version: '1.1',
    method: 'GET',
    scheme: 'http',
    authority: 'echo',
    target: '/',
    headers: new HeaderList(Object.entries(headers)),
    body: NO_BODY,
    upgrade: undefined,
    expectContinue: false,
    ...rest,
  };
}

export function makeResponse(status = 200, headers: Fields = {}, body: HttpBody = NO_BODY): HttpResponse {
  return { status, headers: new HeaderList(Object.entries(headers)), body };
}

/** A body of these pieces, each read on its own. */
export function bodyOf(...pieces: readonly (string | Buffer)[]): HttpBody {
  const chunks = pieces.map((piece) => Buffer.from(piece));
  return {
    stream: Readable.from(chunks, { objectMode: false }),
    length: chunks.reduce((sum, chunk) => sum + chunk.length, 0),
    trailers: () => undefined,
  };
}

export interface ContextOptions {
  readonly request?: HttpRequest;
  readonly routes?: RouteTable;
  readonly service?: Service;
  readonly port?: number;
  readonly clientNamespace?: string;
  readonly settings?: TrafficSettings;
}

/** The context of a request from `shop` to the service `echo` on port 80. */
export function makeContext(
  options: ContextOptions = {},
  over: Partial<RequestContext> = {},
): RequestContext {
  const { request = makeRequest(), routes = EMPTY_ROUTE_TABLE, clientNamespace = 'shop' } = options;
  const service = options.service ?? makeService({ name: 'echo' });
  const settings = options.settings ?? DEFAULT_TRAFFIC_SETTINGS;
  return {
    client: {
      identity: parseSpiffeId(`spiffe://cluster.local/ns/${clientNamespace}/sa/client`),
      address: ip('10.0.0.9'),
      port: 40000,
      workload: undefined,
    },
    dialled: { kind: 'service', service, address: ip('10.96.0.1'), port: options.port ?? 80 },
    plan: {
      routes,
      streams: EMPTY_STREAM_ROUTE_TABLE,
      traffic: { settingsFor: () => settings },
      rateLimits: NOTHING_HOLDS,
      faults: NOTHING_HOLDS,
      filters: NOTHING_HOLDS,
      authentication: NO_AUTHENTICATION,
      authorization: NO_AUTHORIZATION,
      pathNormalization: 'base',
    },
    signal: new AbortController().signal,
    startedMs: 0,
    record: createRequestRecord(),
    tokens: [],
    route: () => routes.select(request, clientNamespace),
    backend: undefined,
    backendFilters: [],
    consumer: undefined,
    attempt: 1,
    excluded: new Set(),
    stickTo: undefined,
    informational: () => undefined,
    onEnd: () => undefined,
    ...over,
  };
}

/** One call of a handler. */
export interface Call {
  readonly request: HttpRequest;
  readonly context: RequestContext;
}

/** A handler that notes its calls and answers as it is told. */
export function recordingHandler(
  answer: (call: Call, index: number) => HttpResponse | Promise<HttpResponse> = () => makeResponse(),
): Handler & { readonly calls: readonly Call[] } {
  const calls: Call[] = [];
  const handler: Handler = async (request, context) => {
    const call = { request, context };
    calls.push(call);
    return answer(call, calls.length - 1);
  };
  return Object.assign(handler, { calls });
}

/** Fields as an object, the values of one name joined. */
export function fieldsOf(headers: HeaderList): Fields {
  return Object.fromEntries([...headers].map(([name]) => [name, headers.joined(name.toLowerCase()) ?? '']));
}
