import {
  type Clock,
  type LogFields,
  type Logger,
  silentLogger,
  systemClock,
} from '../../../../src/base/index.ts';
import type { HttpRequest, HttpResponse } from '../../../../src/http/index.ts';
import {
  type Authorizer,
  authorizerKey,
  type HttpAuthorizer,
  type RequestPolicy,
  type ServiceKey,
  type SpiffeId,
} from '../../../../src/model/index.ts';
import type { RequestDryRunOutcome } from '../../../../src/policy/index.ts';
import type { GuardDeps } from '../../../../src/waypoint/authorization/guard-deps.ts';
import type { LiveConnections } from '../../../../src/waypoint/authorization/live-connections.ts';
import { createReplayMemory } from '../../../../src/waypoint/layers/resilience/replay/replay-memory.ts';
import { createAuthorizationLayer } from '../../../../src/waypoint/layers/security/authorization.ts';
import type { Handler } from '../../../../src/waypoint/request/layer.ts';
import type { RequestContext } from '../../../../src/waypoint/request/request-context.ts';
import { makeContext, makeRequest, makeResponse, recordingHandler } from '../../request-fixtures.ts';

export interface GuardedOptions {
  readonly policies?: readonly RequestPolicy[];
  readonly authorizers?: readonly Authorizer[];
  /** To authorizers. */
  readonly send?: Handler;
  readonly clock?: Clock;
  readonly trustedClients?: readonly SpiffeId[];
  readonly memoryBytes?: number;
  readonly live?: Pick<LiveConnections, 'follow'>;
  readonly backend?: (request: HttpRequest) => Promise<HttpResponse>;
}

/** A service behind these policies, and everything that was noted. */
export function guardedService(options: GuardedOptions) {
  const { policies = [], authorizers = [] } = options;
  const lines: (readonly [event: string, fields: LogFields | undefined])[] = [];
  const note = (event: string, fields?: LogFields): void => {
    lines.push([event, fields]);
  };
  const log: Logger = { ...silentLogger, info: note, warn: note };
  const outcomes: string[] = [];
  const dryRuns: RequestDryRunOutcome[] = [];
  const guards: GuardDeps = {
    clock: options.clock ?? systemClock,
    log,
    send: options.send ?? (async () => Promise.reject(new Error('nobody is to be asked'))),
    memory: createReplayMemory(options.memoryBytes ?? 1_000_000),
    onAnswer: (authorizer, outcome) => outcomes.push(`${authorizer} ${outcome}`),
    onDryRun: (outcome) => dryRuns.push(outcome),
  };
  const { backend = async () => makeResponse(200, { 'x-from': 'backend' }) } = options;
  const passed = recordingHandler(({ request }) => backend(request));
  const live = options.live ?? { follow: () => () => undefined };
  const handler = createAuthorizationLayer({
    live,
    ...guards,
    trustedClients: new Set(options.trustedClients),
  })(passed);
  const authorization = {
    policies,
    authorizers: new Map(authorizers.map((authorizer) => [authorizer.name, authorizer])),
    asked: { headers: [], claims: [] },
    looksAtServerName: false,
  };
  const contextOf = (request: HttpRequest, over: Partial<RequestContext> = {}): RequestContext => {
    const context = makeContext({ request }, over);
    return { ...context, plan: { ...context.plan, authorization } };
  };
  return {
    guards,
    passed,
    lines,
    outcomes,
    dryRuns,
    contextOf,
    send(request: HttpRequest = makeRequest(), over: Partial<RequestContext> = {}): Promise<HttpResponse> {
      return handler(request, contextOf(request, over));
    },
  };
}

/** Asked over gRPC unless told otherwise. */
export function makeAuthorizer(service: ServiceKey, over: Partial<Authorizer> = {}): Authorizer {
  const name = over.name ?? 'opa';
  return {
    key: authorizerKey('istio-system', name),
    namespace: 'istio-system',
    name,
    service,
    port: 80,
    protocol: { kind: 'grpc' },
    timeoutMs: 5_000,
    failOpen: false,
    statusOnError: 403,
    requestBody: undefined,
    ...over,
  };
}

export function overHttp(over: Partial<HttpAuthorizer> = {}): HttpAuthorizer {
  return {
    kind: 'http',
    pathPrefix: '',
    includeHeaders: [],
    additionalHeaders: [],
    toUpstreamOnAllow: [],
    toDownstreamOnAllow: [],
    toDownstreamOnDeny: [],
    ...over,
  };
}
