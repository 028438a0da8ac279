import { type CheckResult, resultsOf } from '../check-result.ts';
import { NAMESPACE } from '../../install/objects/manifest.ts';
import type { MeshFacts } from './facts.ts';

const { ok, failed, warning, notSeen } = resultsOf('mesh');

/** Pods that could not join, services whose waypoint is not there, and policies that were not understood. */
export function workloadChecks(facts: MeshFacts): readonly CheckResult[] {
  return [...enrolmentChecks(facts), ...waypointChecks(facts), ...policyChecks(facts)];
}

function enrolmentChecks({ workloads, lab }: MeshFacts): readonly CheckResult[] {
  if ('error' in workloads) return [notSeen('enrolment', workloads.error)];
  const stuck = workloads.value.filter(({ enrolment }) => enrolment.startsWith('failed'));
  if (stuck.length > 0)
    return stuck.map(({ namespace, name, node, enrolment }) =>
      failed(
        `pod ${namespace}/${name}`,
        `enrolment ${enrolment}`,
        `the log of its node's ztunnel: ${lab === undefined ? ztunnelLog(node) : `nodemesh lab logs ztunnel/${node}`}`,
      ),
    );
  const captured = workloads.value.filter(({ protocol }) => protocol === 'HBONE').length;
  const older = workloads.value.reduce((sum, { olderConnections }) => sum + olderConnections, 0);
  const seen = `${captured} of ${workloads.value.length} workloads are in the mesh`;
  if (older === 0) return [ok('enrolment', seen)];
  return [
    warning(
      'enrolment',
      `${seen}; ${older} connections are older than that, in plaintext and outside of policy`,
      'nodemesh connections lists them; they end with their applications',
    ),
  ];
}

/** `kubectl logs` cannot choose by node, `get` can. */
function ztunnelLog(node: string): string {
  const kubectl = `kubectl -n ${NAMESPACE}`;
  return `${kubectl} logs -c ztunnel $(${kubectl} get pods -o name -l app.kubernetes.io/component=ztunnel --field-selector spec.nodeName=${node})`;
}

function waypointChecks({ services, waypoints }: MeshFacts): readonly CheckResult[] {
  if ('error' in services || 'error' in waypoints)
    return [
      notSeen(
        'waypoints',
        'error' in services ? services.error : 'error' in waypoints ? waypoints.error : '',
      ),
    ];
  const ready = new Set(
    waypoints.value
      .filter((waypoint) => waypoint.ready.pods > 0)
      .map(({ namespace, name }) => `${namespace}/${name}`),
  );
  const bound = services.value.filter(({ waypoint }) => waypoint !== '');
  const missing = bound.filter(({ waypoint }) => !ready.has(waypoint));
  if (missing.length === 0)
    return [
      ok(
        'waypoints',
        bound.length === 0
          ? 'no service has one'
          : `ready for ${bound.length === 1 ? 'the service that has one' : `all ${bound.length} services that have one`}`,
      ),
    ];
  return missing.map(({ namespace, name, waypoint }) =>
    failed(
      `service ${namespace}/${name}`,
      `its waypoint ${waypoint} is missing or not ready, so requests to it are refused`,
      'nodemesh waypoint list -A shows those there are; nodemesh waypoint status says what one waits for',
    ),
  );
}

function policyChecks({ policies }: MeshFacts): readonly CheckResult[] {
  if ('error' in policies) return [notSeen('policies', policies.error)];
  const wrong = policies.value.filter(({ problem }) => problem !== '');
  if (wrong.length === 0) return [ok('policies', `${policies.value.length}, all understood`)];
  return wrong.map(({ namespace, name, kind, problem }) =>
    failed(`${kind} ${namespace}/${name}`, problem, 'it denies what it selects until it is corrected'),
  );
}
