import { wantsToEnrol } from '../../../enrolment/index.ts';
import { DATAPLANE_MODE, USE_WAYPOINT } from '../../../translate/index.ts';
import { type Finding, finding, OWN } from '../../messages/index.ts';
import {
  type AnalysedMesh,
  type AnalysedObject,
  enrolmentOf,
  holderOf,
  isWaypointPod,
  policySelector,
  type Workload,
} from '../../subject/index.ts';

/** Side by side with Istio: whose each workload is, and what either mesh keeps from the other. */
export function* analyzeSideBySide(mesh: AnalysedMesh): Iterable<Finding> {
  if (mesh.settings.sideBySide !== true) return;
  const workloads = mesh.workloads.all.filter((one) => isUsers(mesh, one));
  for (const workload of workloads) yield takerOf(mesh, workload);
  const ours = workloads.filter((one) => enrolmentOf(mesh, one) === 'in');
  const theirs = workloads.filter((one) => holderOf(mesh, one) !== '');
  if (ours.length > 0) yield* foreignWaypoints(mesh);
  for (const object of mesh.of('security.istio.io/PeerAuthentication')) {
    if (object.spec.key('mtls').key('mode').value !== 'STRICT') continue;
    yield* strictBetween(mesh, object, { name: 'nodemesh', has: ours, other: 'Istio', others: theirs });
    if (mesh.settings.sharedRoots !== true)
      yield* strictBetween(mesh, object, { name: 'Istio', has: theirs, other: 'nodemesh', others: ours });
  }
}

/** What people run. In a running mesh pods say whose they are, in files what they are made from. */
function isUsers(mesh: AnalysedMesh, workload: Workload): boolean {
  const { object, namespace, isPod } = workload;
  const { rootNamespace, complete } = mesh.settings;
  if (object.assumed || SYSTEM.has(namespace) || namespace === rootNamespace) return false;
  return (isPod || !complete) && !isWaypointPod(mesh, workload);
}

function takerOf(mesh: AnalysedMesh, workload: Workload): Finding {
  const { object, labels, isPod, hostNetwork, namespace: name } = workload;
  const at = { object, path: isPod ? ['metadata', 'labels'] : ['spec', 'template', 'metadata', 'labels'] };
  if (hostNetwork) return finding(OWN.SideBySide, at, "nobody is to capture it: it is on the host's network");
  const namespace = mesh.get('/Namespace', '', name);
  const holder = holderOf(mesh, workload);
  const own = labels.get(DATAPLANE_MODE.own);
  const isOpen =
    namespace === undefined &&
    !mesh.settings.complete &&
    (own === undefined || (holder === '' && labels.get(DATAPLANE_MODE.istio) === undefined));
  if (isOpen)
    return finding(
      OWN.SideBySide,
      at,
      `who is to capture it depends on the labels of namespace ${name}, which is not among the objects${holder === '' ? '' : `; ${holder}`}`,
    );
  const isOurs = wantsToEnrol(
    { meta: workload },
    namespace && { meta: { labels: namespace.labels } },
    mesh.settings,
  );
  const asks =
    own === 'ambient'
      ? `its label ${DATAPLANE_MODE.own}=ambient`
      : `label ${DATAPLANE_MODE.own}=ambient of namespace ${name}`;
  if (isOurs && holder !== '') return finding(OWN.ClaimedByBothMeshes, at, asks, holder);
  if (isOurs) return finding(OWN.SideBySide, at, `nodemesh is to capture it (${asks})`);
  return finding(
    OWN.SideBySide,
    at,
    holder === '' ? 'nobody is to capture it: no label asks for it' : holder,
  );
}

/** Waypoints that only Istio's clients go through. */
function* foreignWaypoints(mesh: AnalysedMesh): Iterable<Finding> {
  for (const object of [...mesh.of('/Namespace'), ...mesh.of('/Service')]) {
    const waypoint = object.labels.get(USE_WAYPOINT.istio);
    if (waypoint === undefined || waypoint === 'none' || object.labels.has(USE_WAYPOINT.own)) continue;
    yield finding(
      OWN.WaypointOfOtherMesh,
      { object, path: ['metadata', 'labels', USE_WAYPOINT.istio] },
      `${USE_WAYPOINT.istio}=${waypoint}`,
    );
  }
}

interface Sides {
  /** The mesh that refuses. */
  readonly name: string;
  readonly has: readonly Workload[];
  /** The mesh whose pods speak plaintext to it. */
  readonly other: string;
  readonly others: readonly Workload[];
}

function* strictBetween(
  mesh: AnalysedMesh,
  object: AnalysedObject,
  { name, has, other, others }: Sides,
): Iterable<Finding> {
  if (others.length === 0) return;
  const scope = object.namespace === mesh.settings.rootNamespace ? undefined : object.namespace;
  const selected = new Set(mesh.workloads.select(scope, policySelector(object.spec) ?? new Map()));
  if (!has.some((one) => selected.has(one))) return;
  const where = [...new Set(others.map(({ namespace }) => namespace))].sort().join(', ');
  const path = ['spec', 'mtls', 'mode'];
  yield finding(OWN.StrictBetweenMeshes, { object, path }, name, others.length, other, where);
}

const SYSTEM: ReadonlySet<string> = new Set([
  'kube-system',
  'kube-public',
  'kube-node-lease',
  'istio-system',
  'nodemesh-system',
]);
