import { type Finding, finding, ISTIO, OWN } from '../../messages/index.ts';
import {
  type AnalysedMesh,
  type AnalysedObject,
  enrolmentOf,
  hasSidecar,
  holderOf,
  isWaypointPod,
  policySelector,
  type Workload,
} from '../../subject/index.ts';

/** PeerAuthentications that keep out who cannot show a certificate, or that say what nobody looks at. */
export function* analyzePeerAuthentication(mesh: AnalysedMesh): Iterable<Finding> {
  const outsiders = mesh.workloads.all.filter((workload) => isOutside(mesh, workload));
  const where = [...new Set(outsiders.map(({ namespace }) => namespace))].sort();
  for (const object of mesh.of('security.istio.io/PeerAuthentication')) {
    const { spec, namespace } = object;
    const selector = policySelector(spec);
    const isRoot = namespace === mesh.settings.rootNamespace;
    if (selector !== undefined && isRoot) {
      const text = 'a selector has no effect in the root namespace';
      yield finding(ISTIO.IneffectivePolicy, { object, path: ['spec', 'selector'] }, text);
      continue;
    }
    if (selector === undefined && spec.key('portLevelMtls').present) {
      const text = 'portLevelMtls counts only beside a selector';
      yield finding(ISTIO.IneffectivePolicy, { object, path: ['spec', 'portLevelMtls'] }, text);
    }
    if (spec.key('mtls').key('mode').value !== 'STRICT' || outsiders.length === 0) continue;
    if (!protectsAnybody(mesh, object)) continue;
    const names =
      where.length > NAMED
        ? `${where.slice(0, NAMED).join(', ')} and ${where.length - NAMED} more`
        : where.join(', ');
    yield finding(
      OWN.StrictWithUnenrolledClients,
      { object, path: ['spec', 'mtls', 'mode'] },
      outsiders.length,
      names,
    );
  }
}

function isOutside(mesh: AnalysedMesh, workload: Workload): boolean {
  if (SYSTEM.has(workload.namespace) || workload.object.assumed || hasSidecar(mesh, workload)) return false;
  return (
    enrolmentOf(mesh, workload) === 'out' && holderOf(mesh, workload) === '' && !isWaypointPod(mesh, workload)
  );
}

function protectsAnybody(mesh: AnalysedMesh, { namespace, spec }: AnalysedObject): boolean {
  const scope = namespace === mesh.settings.rootNamespace ? undefined : namespace;
  return mesh.workloads
    .select(scope, policySelector(spec) ?? new Map())
    .some((workload) => enrolmentOf(mesh, workload) === 'in');
}

const NAMED = 3;
const SYSTEM: ReadonlySet<string> = new Set([
  'kube-system',
  'kube-public',
  'kube-node-lease',
  'istio-system',
]);
