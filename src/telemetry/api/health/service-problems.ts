import type { Rates, RefusalView, ServiceProblem, WaypointView } from '../../../model/index.ts';
import { isHearsay } from '../../../model/index.ts';
import type { SlowBackend } from '../../observation/index.ts';
import type { ServiceFacts } from '../facts.ts';
import { slowProblem } from './slow-problem.ts';

/** An endpoint that a waypoint leaves out for now. */
export type Ejected = Pick<WaypointView['ejected'][number], 'endpoint' | 'reason'> & {
  readonly waypoint: string;
};

/** What is known of a service and its traffic over a window. */
export interface ServiceSigns {
  readonly service: Pick<ServiceFacts, 'endpoints' | 'waypoint'>;
  /** Pods of its waypoint that are ready; undefined: there is no such waypoint. */
  readonly waypointPods: number | undefined;
  /** Endpoints of this service that waypoints leave out for now. */
  readonly ejected: readonly Ejected[];
  readonly rates: Rates;
  /** Of this service, newest first. */
  readonly refusals: readonly RefusalView[];
  readonly slow: readonly SlowBackend[];
}

/** What is wrong with a service and why, the gravest first. What is rare (below 5 %, or fewer than 3) is left out. */
export function serviceProblems(signs: ServiceSigns): readonly ServiceProblem[] {
  const waypoint = waypointProblem(signs);
  const endpoint = endpointProblem(signs);
  return [
    waypoint,
    endpoint,
    endpoint === undefined ? shareProblem(signs, 'failing') : undefined,
    ejectedProblem(signs),
    waypoint === undefined ? shareProblem(signs, 'refused') : undefined,
    ...signs.slow.map(slowProblem),
  ].filter((problem) => problem !== undefined);
}

function waypointProblem({ service, waypointPods }: ServiceSigns): ServiceProblem | undefined {
  if (service.waypoint === '' || (waypointPods ?? 0) > 0) return undefined;
  const why = waypointPods === undefined ? 'does not exist' : 'has no pod that is ready';
  return {
    kind: 'waypoint-missing',
    workload: '',
    message: `its waypoint ${service.waypoint} ${why}, so requests to it are refused`,
    hint:
      waypointPods === undefined
        ? 'create it (nodemesh waypoint apply), or take the label istio.io/use-waypoint away'
        : 'nodemesh waypoint status says what it waits for',
  };
}

function endpointProblem({ service: { endpoints }, rates }: ServiceSigns): ServiceProblem | undefined {
  // A service without pods that nobody calls may well be meant so.
  const isMissed = endpoints.total > 0 || rates.failed > 0;
  if (endpoints.healthy > 0 || !isMissed) return undefined;
  return {
    kind: 'no-endpoint',
    workload: '',
    message:
      endpoints.total === 0 ? 'it has no endpoint' : `none of its ${endpoints.total} endpoints is ready`,
    hint: 'check that the selector of the Service matches pods, and that these run and are ready',
  };
}

function ejectedProblem({ ejected: [first, ...more] }: ServiceSigns): ServiceProblem | undefined {
  if (first === undefined) return undefined;
  const others = more.length === 0 ? '' : ` and ${more.length} more`;
  return {
    kind: 'ejected',
    workload: '',
    message: `waypoint ${first.waypoint} leaves out ${first.endpoint}${others} for now: ${first.reason}`,
    hint: 'its own log says why it fails; nodemesh endpoints shows when it gets another chance',
  };
}

/** A part of what is asked of it does not get through: named by its most frequent cause. */
function shareProblem(
  { rates, refusals }: ServiceSigns,
  kind: 'failing' | 'refused',
): ServiceProblem | undefined {
  const rate = kind === 'failing' ? rates.failed : rates.refused;
  const bad = rates.failed + rates.refused;
  const asked = rates.requests > 0 ? Math.max(rates.requests, bad) : rates.connects + bad;
  if (rate * rates.seconds < FEWEST || rate < asked * LEAST_SHARE) return undefined;
  const cause = mainCause(
    refusals.filter((refusal) => refusal.kind === (kind === 'failing' ? 'failed' : kind)),
  );
  const what = rates.requests > 0 ? 'requests' : 'connections';
  const verb = kind === 'failing' ? 'fail' : 'are refused';
  const by = cause === undefined || cause.policy === '' ? '' : ` by ${cause.policy}`;
  return {
    kind,
    workload: '',
    message: `${Math.round((rate / asked) * 100)} % of ${what} ${verb}${by}: ${cause?.message ?? OWN_ANSWER}`,
    hint: cause === undefined ? "the application's own log says why" : cause.hint,
  };
}

/** The newest of the most frequent kind. */
function mainCause(refusals: readonly RefusalView[]): RefusalView | undefined {
  const known = refusals.filter((refusal) => !isHearsay(refusal));
  const kinds = Map.groupBy(
    known.length > 0 ? known : refusals,
    ({ reason, policy }) => `${reason} ${policy}`,
  );
  const [most] = [...kinds.values()].toSorted((a, b) => b.length - a.length);
  return most?.[0];
}

/** What is no refusal of the mesh's is what the application answered. */
const OWN_ANSWER = 'the application answers with errors';
const FEWEST = 3;
const LEAST_SHARE = 0.05;
