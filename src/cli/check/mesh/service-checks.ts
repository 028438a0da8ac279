import type { ServiceProblem } from '../../../model/index.ts';
import { type CheckResult, resultsOf } from '../check-result.ts';
import type { MeshFacts } from './facts.ts';

const { ok, failed, warning, notSeen } = resultsOf('mesh');

/** Services that cannot be had, fail or are slow, as their traffic of the last minute shows. */
export function serviceChecks({ services }: MeshFacts): readonly CheckResult[] {
  if ('error' in services) return [notSeen('services', services.error)];
  const results = services.value.flatMap(({ namespace, name, problems }) =>
    problems
      // Whether waypoints are there is a check of its own.
      .filter(({ kind }) => kind !== 'waypoint-missing')
      .map(({ kind, message, hint }) => {
        const title = `service ${namespace}/${name}`;
        return GRAVE.includes(kind) ? failed(title, message, hint) : warning(title, message, hint);
      }),
  );
  return results.length > 0
    ? results
    : [ok('services', `${services.value.length}, none fails, refuses much or is slow`)];
}

const GRAVE: readonly ServiceProblem['kind'][] = ['no-endpoint', 'failing'];
