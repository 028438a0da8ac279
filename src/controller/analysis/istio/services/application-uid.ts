import { GATEWAY_NAME } from '../../../translate/index.ts';
import { type Finding, finding, ISTIO } from '../../messages/index.ts';
import type { AnalysedMesh, Workload } from '../../subject/index.ts';

/** Applications that run as the user whose traffic sidecars let pass. */
export function* analyzeApplicationUser(mesh: AnalysedMesh): Iterable<Finding> {
  for (const workload of mesh.workloads.all) {
    const { object, isPod } = workload;
    if (!isPod && object.kind !== 'Deployment') continue;
    // A gateway or a waypoint is a proxy itself.
    if (workload.labels.has(GATEWAY_NAME)) continue;
    const path = sidecarUser(workload);
    if (path !== undefined) yield finding(ISTIO.InvalidApplicationUID, { object, path });
  }
}

function sidecarUser({ spec }: Workload): readonly (string | number)[] | undefined {
  const own = spec.key('securityContext').key('runAsUser');
  if (own.value === SIDECAR_USER) return own.path;
  return spec
    .key('containers')
    .items()
    .filter((container) => container.key('name').value !== 'istio-proxy')
    .map((container) => container.key('securityContext').key('runAsUser'))
    .find(({ value }) => value === SIDECAR_USER)?.path;
}

const SIDECAR_USER = 1337;
