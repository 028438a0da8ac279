import type { AnalysedMesh } from './analysed-mesh.ts';
import type { Workload } from './workloads.ts';
import { DATAPLANE_MODE, readClaim, REDIRECTION, REDIRECTION_ENABLED } from '../../translate/index.ts';

/** Whether a workload is, or will be, in this mesh. `unknown`: nothing is known of its namespace. */
export function enrolmentOf(mesh: AnalysedMesh, workload: Workload): 'in' | 'out' | 'unknown' {
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

const INJECT = 'sidecar.istio.io/inject';
