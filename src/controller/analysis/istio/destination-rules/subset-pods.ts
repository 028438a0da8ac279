import type { LabelSelector } from '../../../objects/index.ts';
import { type Finding, finding, ISTIO } from '../../messages/index.ts';
import { type AnalysedMesh, type HostOwner, indexHosts, type Workload } from '../../subject/index.ts';

/** Subsets that no pod of the Service is in. */
export function* analyzeSubsetPods(mesh: AnalysedMesh): Iterable<Finding> {
  const hosts = indexHosts(mesh);
  for (const object of mesh.of('networking.istio.io/DestinationRule')) {
    const subsets = object.spec.key('subsets').items();
    if (subsets.length === 0) continue;
    const owners = hosts.find(object.spec.key('host').text() ?? '', object.namespace);
    const members = owners.map((owner) => membersOf(mesh, owner));
    // A host that nobody knows is another message, and who is behind one without selector is in no object.
    if (members.length === 0 || members.includes(undefined)) continue;
    const pods = members.flatMap((found) => found ?? []);
    for (const subset of subsets) {
      const labels = subset.key('labels').textMap();
      if (pods.some((pod) => isIn(mesh, pod, labels))) continue;
      const name = subset.key('name').text() ?? '';
      yield finding(ISTIO.DestinationRuleSubsetNotSelectPods, { object, path: subset.path }, name);
    }
  }
}

/** Undefined: not to be known. */
function membersOf(mesh: AnalysedMesh, { object }: HostOwner): readonly Workload[] | undefined {
  if (object.kind === 'ServiceEntry') {
    const selector = object.spec.key('workloadSelector').key('labels').textMap();
    if (selector.size === 0 || mesh.of('networking.istio.io/WorkloadEntry').length > 0) return undefined;
    return mesh.workloads.select(object.namespace, selector);
  }
  const selector = object.spec.key('selector').textMap();
  return selector.size === 0 ? undefined : mesh.workloads.select(object.namespace, selector);
}

/** Where a pod runs counts as its labels do; an empty place is none. */
function isIn(mesh: AnalysedMesh, pod: Workload, labels: LabelSelector): boolean {
  const node = pod.node === '' ? undefined : mesh.get('/Node', '', pod.node);
  for (const [key, value] of labels) {
    const isPlace = key.startsWith('topology.');
    if (isPlace && value === '') return false;
    const found = pod.labels.get(key) ?? (isPlace ? node?.labels.get(key) : undefined);
    // Where a template's pods will run is not known.
    if (found !== value && !(isPlace && pod.node === '')) return false;
  }
  return true;
}
