import { type ApiAnswers, type ApiPath, SLOT_MS } from '../../model/index.ts';
import type { ObservationStore } from '../observation/index.ts';
import type { ApiSources, Facts } from './facts.ts';
import { serviceViews } from './health/service-views.ts';
import { knownNodes } from './known-nodes.ts';
import { listOf, objectOf, count, ref, type Schema } from './openapi/schema.ts';
import * as parameter from './query.ts';

/** One path of the API: what it takes, what it answers, and what that looks like. */
export interface ApiRoute<Path extends ApiPath = ApiPath> {
  readonly summary: string;
  readonly parameters: Readonly<Record<string, parameter.Parameter<unknown>>>;
  readonly answerSchema: Schema;
  /** Throws ApiRefusal. */
  answer(sources: ApiSources, query: URLSearchParams): ApiAnswers[Path];
}

/** Everything that the API answers; the OpenAPI document is made of the same table. */
export const API_ROUTES: { readonly [Path in ApiPath]: ApiRoute<Path> } = {
  '/api/v1/info': route('Who answers, and for what', {}, ref('Info'), ({ facts, clock }) => ({
    ...facts.info(),
    nowMs: clock.now(),
  })),
  '/api/v1/workloads': route(
    'Pods and other endpoints, with what they do and cost',
    { window: parameter.window },
    objectOf<ApiAnswers['/api/v1/workloads']>({ workloads: listOf(ref('Workload')) }),
    (sources, { window }) => ({ workloads: workloadViews(sources, window) }),
  ),
  '/api/v1/services': route(
    'Services with their traffic, and what is wrong with them',
    { window: parameter.window },
    objectOf<ApiAnswers['/api/v1/services']>({ services: listOf(ref('Service')) }),
    (sources, { window }) => ({ services: serviceViews(sources, window) }),
  ),
  '/api/v1/service-metrics': route(
    'The traffic of one service over time',
    {
      namespace: parameter.serviceNamespace,
      name: parameter.serviceName,
      window: parameter.seriesWindow,
      step: parameter.step,
    },
    ref('ServiceSeries'),
    ({ store }, { namespace, name, window, step }) =>
      store.serviceSeries({ namespace, name, windowMs: window, stepMs: step === 0 ? stepOf(window) : step }),
  ),
  '/api/v1/topology': route(
    'Who talks to whom: each edge once, whoever reported it',
    { window: parameter.window, namespace: parameter.namespace },
    ref('Topology'),
    ({ store, facts }, { window, namespace }) =>
      store.topology({ windowMs: window, namespace, known: knownNodes(facts, window) }),
  ),
  '/api/v1/flows': route(
    'What was asked for, alike counted together; newest first',
    {
      window: parameter.eventWindow,
      source: parameter.source,
      destination: parameter.destination,
      namespace: parameter.namespace,
      verdict: parameter.verdict,
      limit: parameter.limit,
    },
    objectOf<ApiAnswers['/api/v1/flows']>({ flows: listOf(ref('Flow')) }),
    ({ store }, { window, ...filter }) => ({ flows: store.flows({ ...filter, windowMs: window }) }),
  ),
  '/api/v1/connections': route(
    'Live connections, newest first; a node alone knows them',
    { limit: parameter.limit, age: parameter.leastAge },
    objectOf<ApiAnswers['/api/v1/connections']>({ connections: listOf(ref('Connection')), total: count() }),
    ({ facts }, { limit, age }) => facts.connections(limit, age),
  ),
  '/api/v1/refusals': route(
    'What was not let through or could not be carried, and why; newest first',
    {
      window: parameter.eventWindow,
      source: parameter.source,
      destination: parameter.destination,
      namespace: parameter.namespace,
      limit: parameter.limit,
    },
    objectOf<ApiAnswers['/api/v1/refusals']>({ refusals: listOf(ref('Refusal')) }),
    ({ store }, { window, ...filter }) => ({ refusals: store.refusals({ ...filter, windowMs: window }) }),
  ),
  '/api/v1/certificates': route(
    'Certificates with their rotations',
    {},
    objectOf<ApiAnswers['/api/v1/certificates']>({ certificates: listOf(ref('Certificate')) }),
    ({ facts }) => ({ certificates: facts.certificates() }),
  ),
  '/api/v1/policies': route(
    'Policies, and what they decided',
    {},
    objectOf<ApiAnswers['/api/v1/policies']>({ policies: listOf(ref('Policy')) }),
    ({ facts }) => ({ policies: facts.policies() }),
  ),
  '/api/v1/waypoints': route(
    'Waypoints with their routes and the endpoints that they ejected',
    { window: parameter.window },
    objectOf<ApiAnswers['/api/v1/waypoints']>({ waypoints: listOf(ref('Waypoint')) }),
    ({ store, facts }, { window }) => {
      const rates = store.waypointRates(window);
      return {
        waypoints: facts.waypoints(window).map((waypoint) => ({
          ...waypoint,
          rates: waypoint.rates ?? rates.of(waypoint.namespace, waypoint.name),
        })),
      };
    },
  ),
  '/api/v1/proxies': route(
    'Proxies, and what they acknowledged; the controller alone knows them',
    {},
    objectOf<ApiAnswers['/api/v1/proxies']>({ proxies: listOf(ref('Proxy')) }),
    ({ facts }) => ({ proxies: facts.proxies() }),
  ),
  '/api/v1/trace': route(
    'The spans of one trace, oldest first',
    { id: parameter.traceId },
    objectOf<ApiAnswers['/api/v1/trace']>({ spans: listOf(ref('Span')) }),
    ({ store }, { id }) => ({ spans: store.trace(id) }),
  ),
};

/** The workloads, each with rates. */
export function workloadViews(
  { store, facts }: { readonly store: ObservationStore; readonly facts: Pick<Facts, 'workloads'> },
  windowMs: number,
): ApiAnswers['/api/v1/workloads']['workloads'] {
  const rates = store.workloadRates(windowMs);
  return facts.workloads(windowMs).map((workload) => ({
    ...workload,
    rates: workload.rates ?? rates.of(workload.namespace, workload.workload),
  }));
}

function route<Answer, P extends Readonly<Record<string, parameter.Parameter<unknown>>>>(
  summary: string,
  parameters: P,
  answerSchema: Schema,
  answer: (sources: ApiSources, query: parameter.QueryOf<P>) => Answer,
): {
  readonly summary: string;
  readonly parameters: P;
  readonly answerSchema: Schema;
  answer(sources: ApiSources, query: URLSearchParams): Answer;
} {
  return {
    summary,
    parameters,
    answerSchema,
    answer: (sources, query) => answer(sources, parameter.parseQuery(parameters, query)),
  };
}

/** A sixtieth of the window in whole slots. */
function stepOf(windowMs: number): number {
  return Math.max(1, Math.round(windowMs / 60 / SLOT_MS)) * SLOT_MS;
}
