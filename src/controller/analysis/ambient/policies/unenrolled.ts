import { type Finding, finding, OWN } from '../../messages/index.ts';
import {
  type AnalysedMesh,
  enrolmentOf,
  hasSidecar,
  hasTargetRefs,
  holderOf,
  policySelector,
} from '../../subject/index.ts';

/** Policies all of whose workloads are outside the mesh. */
export function* analyzeUnenrolledTargets(mesh: AnalysedMesh): Iterable<Finding> {
  for (const kind of ['AuthorizationPolicy', 'PeerAuthentication']) {
    for (const object of mesh.of(`security.istio.io/${kind}`)) {
      if (hasTargetRefs(object.spec) || object.namespace === mesh.settings.rootNamespace) continue;
      const selector = policySelector(object.spec);
      const selected = mesh.workloads.select(object.namespace, selector ?? new Map());
      // The other mesh enforces it for those that it has.
      const outside = selected.every(
        (one) => enrolmentOf(mesh, one) === 'out' && !hasSidecar(mesh, one) && holderOf(mesh, one) === '',
      );
      if (selected.length === 0 || !outside) continue;
      const path = selector === undefined ? ['metadata', 'namespace'] : ['spec', 'selector'];
      yield finding(OWN.SelectsUnenrolledOnly, { object, path }, selected.length);
    }
  }
}
