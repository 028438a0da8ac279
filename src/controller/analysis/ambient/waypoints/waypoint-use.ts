import { readClaim, USE_WAYPOINT, type WaypointInfo } from '../../../translate/index.ts';
import { type Finding, finding, OWN } from '../../messages/index.ts';
import { type AnalysedMesh, type AnalysedObject, enrolmentOf, nameOf } from '../../subject/index.ts';

/** Waypoints that are not ready, that nothing goes through, or round which traffic goes. */
export function* analyzeWaypointUse(mesh: AnalysedMesh): Iterable<Finding> {
  const used = new Set<string>();
  for (const object of mesh.of('/Service')) {
    const waypoint = mesh.waypointOf(object.namespace, object.name);
    if (waypoint === undefined) continue;
    used.add(waypoint.key);
    const at = { object, path: ['metadata', 'labels'] };
    const trouble = notReady(mesh, waypoint);
    if (trouble !== undefined) yield finding(OWN.WaypointNotReady, at, waypoint.key, trouble);
    if (object.spec.key('clusterIP').value === 'None' && waypoint.traffic === 'service')
      yield finding(OWN.HeadlessBypassesWaypoint, { object, path: ['spec', 'clusterIP'] }, waypoint.key);
  }
  const named = namedWaypoints(mesh);
  for (const waypoint of mesh.derived.collections.waypoints.values()) {
    if (!waypoint.ours || used.has(waypoint.key) || named.has(waypoint.key) || waypoint.traffic === 'none')
      continue;
    const object = mesh.get('gateway.networking.k8s.io/Gateway', waypoint.namespace, waypoint.name);
    if (object !== undefined) yield finding(OWN.UnusedWaypoint, { object });
  }
}

/** Only where the objects have a status can anything be known of it. */
function notReady(mesh: AnalysedMesh, waypoint: WaypointInfo): string | undefined {
  const object = mesh.get('gateway.networking.k8s.io/Gateway', waypoint.namespace, waypoint.name);
  const programmed = object?.root
    .key('status')
    .key('conditions')
    .items()
    .find((condition) => condition.key('type').value === 'Programmed');
  if (programmed?.key('status').value === 'False')
    return programmed.key('message').text() ?? 'not programmed';
  const health = mesh.derived.collections.waypointHealth.get(waypoint.key);
  if (!mesh.settings.complete || waypoint.placed || health === undefined || health.ready > 0)
    return undefined;
  return health.pods === 0 ? 'it has no pod' : `none of its ${health.pods} pods is ready`;
}

/** Whatever a label names, also one that another label keeps from having an effect. */
function namedWaypoints(mesh: AnalysedMesh): ReadonlySet<string> {
  const named = new Set<string>();
  const add = (labels: ReadonlyMap<string, string>, namespace: string): void => {
    const name = readClaim(labels, USE_WAYPOINT, mesh.settings);
    const other =
      labels.get(`${USE_WAYPOINT.istio}-namespace`) ?? labels.get(`${USE_WAYPOINT.own}-namespace`);
    if (name !== undefined) named.add(`${other ?? namespace}/${name}`);
    for (const spelling of [USE_WAYPOINT.istio, USE_WAYPOINT.own]) {
      const canary = labels.get(`${spelling}-canary`);
      if (canary !== undefined)
        named.add(`${labels.get(`${spelling}-canary-namespace`) ?? namespace}/${canary}`);
    }
  };
  for (const { labels, name } of mesh.of('/Namespace')) add(labels, name);
  for (const { labels, namespace } of mesh.of('/Service')) add(labels, namespace);
  for (const { labels, namespace } of mesh.workloads.all) add(labels, namespace);
  return named;
}

/** Ports that a waypoint has to guess about, and what is said of them twice. */
export function* analyzePortProtocols(mesh: AnalysedMesh): Iterable<Finding> {
  for (const object of mesh.of('/Service')) {
    const waypoint = mesh.waypointOf(object.namespace, object.name);
    for (const port of object.spec.key('ports').items()) {
      if ((port.key('protocol').text() ?? 'TCP') !== 'TCP') continue;
      const name = port.key('name').text() ?? '';
      const appProtocol = port.key('appProtocol').text() ?? '';
      const at = { object, path: port.path };
      const conflict = protocolConflict(name, appProtocol);
      if (conflict !== undefined) yield finding(OWN.ProtocolConflict, at, conflict);
      const shown = name === '' ? String(port.key('port').integer() ?? 0) : name;
      if (waypoint !== undefined && appProtocol === '' && !NAMED.has(prefixOf(name)))
        yield finding(OWN.UnknownPortProtocol, at, shown, waypoint.key);
    }
  }
}

function protocolConflict(name: string, appProtocol: string): string | undefined {
  const [byName, byField] = [FAMILY.get(prefixOf(name)), FAMILY.get(appProtocol.toLowerCase())];
  if (byName === undefined || byField === undefined || byName === byField) return undefined;
  return `the port is named ${JSON.stringify(name)}, and its appProtocol is ${JSON.stringify(appProtocol)}, which counts`;
}

function prefixOf(name: string): string {
  return name.toLowerCase().split('-', 1)[0] ?? '';
}

const FAMILY: ReadonlyMap<string, string> = new Map([
  ...['http', 'http2', 'grpc', 'h2c', 'kubernetes.io/h2c', 'kubernetes.io/ws'].map(
    (name) => [name, 'http'] as const,
  ),
  ...['tcp', 'mongo', 'mysql', 'redis'].map((name) => [name, 'tcp'] as const),
  ...['tls', 'https', 'kubernetes.io/wss'].map((name) => [name, 'tls'] as const),
]);
const NAMED: ReadonlySet<string> = new Set([...FAMILY.keys(), 'hbone']);

/** UDP of Services whose pods are in the mesh. */
export function* analyzeUdpPorts(mesh: AnalysedMesh): Iterable<Finding> {
  for (const object of mesh.of('/Service')) {
    const udp = object.spec
      .key('ports')
      .items()
      .filter((port) => port.key('protocol').value === 'UDP');
    const selector = object.spec.key('selector').textMap();
    if (udp.length === 0 || selector.size === 0 || !isEnrolled(mesh, object, selector)) continue;
    for (const port of udp)
      yield finding(
        OWN.UdpPort,
        { object, path: port.path },
        String(port.key('port').integer() ?? nameOf(object)),
      );
  }
}

/** Services whose pods are in the mesh, and that count on kube-proxy's memory of clients. */
export function* analyzeSessionAffinity(mesh: AnalysedMesh): Iterable<Finding> {
  for (const object of mesh.of('/Service')) {
    const affinity = object.spec.key('sessionAffinity');
    const kind = affinity.text() ?? 'None';
    const selector = object.spec.key('selector').textMap();
    if (kind === 'None' || selector.size === 0 || !isEnrolled(mesh, object, selector)) continue;
    // Where there is a waypoint, policies say how it balances.
    if (mesh.waypointOf(object.namespace, object.name) !== undefined) continue;
    yield finding(OWN.SessionAffinity, { object, path: affinity.path }, kind);
  }
}

function isEnrolled(
  mesh: AnalysedMesh,
  { namespace }: AnalysedObject,
  selector: ReadonlyMap<string, string>,
): boolean {
  return mesh.workloads.select(namespace, selector).some((workload) => enrolmentOf(mesh, workload) === 'in');
}
