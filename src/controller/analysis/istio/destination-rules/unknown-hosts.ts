import { type Finding, finding, ISTIO } from '../../messages/index.ts';
import { type AnalysedMesh, createOverlapIndex, fullHost, indexHosts } from '../../subject/index.ts';

/** Rules for a host that there is not. */
export function* analyzeUnknownHosts(mesh: AnalysedMesh): Iterable<Finding> {
  const { clusterDomain } = mesh.settings;
  const hosts = indexHosts(mesh);
  const all = createOverlapIndex<string>();
  for (const { name, namespace } of mesh.of('/Service'))
    all.add(fullHost(name, namespace, clusterDomain), name);
  for (const { spec } of mesh.of('networking.istio.io/ServiceEntry'))
    for (const host of spec.key('hosts').texts()) all.add(host, host);
  for (const object of mesh.of('networking.istio.io/DestinationRule')) {
    const field = object.spec.key('host');
    const host = field.text() ?? '';
    if (host === '') continue;
    const known = host.startsWith('*')
      ? all.find(host)[Symbol.iterator]().next().done !== true
      : hosts.find(host, object.namespace).length > 0;
    if (!known) yield finding(ISTIO.UnknownDestinationRuleHost, { object, path: field.path }, host);
  }
}
