import type { AnalysedMesh } from './analysed-mesh.ts';
import type { Workload } from './workloads.ts';
import { heldBy } from '../../enrolment/index.ts';
import { DATAPLANE_MODE, readClaim, REDIRECTION, REDIRECTION_ENABLED } from '../../translate/index.ts';

/** Whether a workload is, or will be, in this mesh. `unknown`: nothing is known of its namespace. */
export function enrolmentOf(mesh: AnalysedMesh, workload: Workload): 'in' | 'out' | 'unknown' {
  if (holderOf(mesh, workload) !== '') return 'out';
  const own = readClaim(workload.labels, DATAPLANE_MODE, mesh.settings);
  if (workload.hostNetwork || own === 'none') return 'out';
  if (
    own === 'ambient' ||
    readClaim(workload.annotations, REDIRECTION, mesh.settings) === REDIRECTION_ENABLED
  )
    return 'in';
  const namespace = mesh.get('/Namespace', '', workload.namespace);
  if (namespace === undefined) return mesh.settings.complete ? 'out' : 'unknown';
  return readClaim(namespace.labels, DATAPLANE_MODE, mesh.settings) === 'ambient' ? 'in' : 'out';
}

/** Whether a sidecar's mesh has it: people move over one namespace at a time. */
export function hasSidecar(mesh: AnalysedMesh, workload: Workload): boolean {
  const own = workload.labels.get(INJECT) ?? workload.annotations.get(INJECT);
  if (own !== undefined) return own === 'true';
  const labels = mesh.get('/Namespace', '', workload.namespace)?.labels;
  const injection = labels?.get('istio-injection');
  return injection === undefined ? labels?.has('istio.io/rev') === true : injection === 'enabled';
}

/** What another mesh has of a workload, as a sentence; empty: nothing, or this mesh is alone. */
export function holderOf(mesh: AnalysedMesh, workload: Workload): string {
  if (mesh.settings.sideBySide !== true || workload.hostNetwork) return '';
  const { namespace } = workload;
  const labels = mesh.get('/Namespace', '', namespace)?.labels;
  const held = heldBy({ meta: workload }, labels && { meta: { labels } }, mesh.settings);
  return held !== '' || !hasSidecar(mesh, workload) ? held : 'a sidecar of Istio is injected into it';
}

/** Whether it is what a waypoint runs. */
export function isWaypointPod(
  { derived }: Pick<AnalysedMesh, 'derived'>,
  { labels, namespace }: Workload,
): boolean {
  const name = labels.get('gateway.networking.k8s.io/gateway-name');
  return name !== undefined && derived.collections.waypoints.get(`${namespace}/${name}`) !== undefined;
}

const INJECT = 'sidecar.istio.io/inject';
