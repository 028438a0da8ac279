import { type Finding, finding, ISTIO } from '../../messages/index.ts';
import {
  type AnalysedMesh,
  type AnalysedObject,
  formatSelector,
  hasTargetRefs,
  policySelector,
} from '../../subject/index.ts';

/** Policies that select nothing. */
export function* analyzePolicyWorkloads(mesh: AnalysedMesh): Iterable<Finding> {
  for (const kind of SELECTIVE) {
    for (const object of mesh.of(`security.istio.io/${kind}`)) {
      const { spec } = object;
      if (hasTargetRefs(spec)) continue;
      const selector = policySelector(spec);
      const scope = scopeOf(object, mesh);
      // For the whole mesh, whatever is in it.
      if (selector === undefined && scope === undefined) continue;
      if (mesh.workloads.select(scope, selector ?? new Map()).length > 0) continue;
      const at = { object, path: selector === undefined ? ['metadata', 'namespace'] : ['spec', 'selector'] };
      yield finding(ISTIO.NoMatchingWorkloadsFound, at, formatSelector(selector ?? new Map()));
    }
  }
}

/** Of the root namespace, policies hold in all; undefined stands for that. */
function scopeOf({ namespace, kind, spec }: AnalysedObject, { settings }: AnalysedMesh): string | undefined {
  const everywhere = namespace === settings.rootNamespace;
  if (kind === 'PeerAuthentication' && spec.key('selector').present) return namespace;
  return everywhere ? undefined : namespace;
}

const SELECTIVE = ['AuthorizationPolicy', 'PeerAuthentication', 'RequestAuthentication'];
