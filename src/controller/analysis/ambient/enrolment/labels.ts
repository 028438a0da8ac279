import { DATAPLANE_MODE, readClaim } from '../../../translate/index.ts';
import { type Finding, finding, OWN } from '../../messages/index.ts';
import { type AnalysedMesh, enrolmentOf, hasSidecar, nameOf, type Workload } from '../../subject/index.ts';

/** Labels that ask for the mesh, and what stands in the way. */
export function* analyzeEnrolmentLabels(mesh: AnalysedMesh): Iterable<Finding> {
  for (const object of mesh.of('/Namespace')) {
    const at = { object, path: ['metadata', 'labels'] };
    yield* unknownModes(object.labels, at);
    const wanted = readClaim(object.labels, DATAPLANE_MODE, mesh.settings) === 'ambient';
    if (wanted && object.name === 'kube-system') yield finding(OWN.SystemNamespace, at, object.name);
    const injection = injectionLabel(object.labels);
    if (wanted && injection !== undefined) yield finding(OWN.SidecarAndAmbient, at, injection);
  }
  for (const workload of mesh.workloads.all) {
    if (!workload.object.assumed) yield* workloadFindings(mesh, workload);
  }
  const plans = mesh.derived.collections.enrolments.values();
  for (const { pod, warnings } of plans) {
    const object = mesh.get('/Pod', pod.namespace, pod.name);
    if (object === undefined) continue;
    for (const warning of warnings)
      yield finding(OWN.ExclusionUnreadable, { object, path: ['metadata', 'annotations'] }, warning);
  }
}

function* workloadFindings(mesh: AnalysedMesh, workload: Workload): Iterable<Finding> {
  const { object, labels, isPod, hostNetwork } = workload;
  const path = isPod ? ['metadata', 'labels'] : ['spec', 'template', 'metadata', 'labels'];
  yield* unknownModes(labels, { object, path });
  const own = readClaim(labels, DATAPLANE_MODE, mesh.settings);
  if (hostNetwork && own === 'ambient')
    yield finding(OWN.HostNetworkPod, {
      object,
      path: isPod ? ['spec', 'hostNetwork'] : ['spec', 'template', 'spec', 'hostNetwork'],
    });
  const injected =
    labels.get('sidecar.istio.io/inject') ?? workload.annotations.get('sidecar.istio.io/inject');
  if (injected === 'true' && hasSidecar(mesh, workload) && enrolmentOf(mesh, workload) === 'in')
    yield finding(OWN.SidecarAndAmbient, { object, path }, 'sidecar.istio.io/inject=true');
}

function* unknownModes(
  labels: ReadonlyMap<string, string>,
  at: Parameters<typeof finding>[1],
): Iterable<Finding> {
  for (const name of [DATAPLANE_MODE.istio, DATAPLANE_MODE.own]) {
    const mode = labels.get(name);
    if (mode !== undefined && mode !== 'ambient' && mode !== 'none')
      yield finding(OWN.UnknownDataplaneMode, { ...at, path: [...(at.path ?? []), name] }, name, mode);
  }
}

function injectionLabel(labels: ReadonlyMap<string, string>): string | undefined {
  if (labels.get('istio-injection') === 'enabled') return 'istio-injection=enabled';
  const revision = labels.get('istio.io/rev');
  // Beside the mode it names the revision of the mesh and injects nothing, unless both are asked for.
  return revision !== undefined && labels.get('istio-injection') !== undefined
    ? `istio.io/rev=${revision}`
    : undefined;
}

/** Network policies are of pods that are there, so these are named by their objects. */
export function describeWorkload({ object }: Workload): string {
  return `${object.kind} ${nameOf(object)}`;
}
