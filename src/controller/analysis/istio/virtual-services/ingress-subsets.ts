import { type Finding, finding, ISTIO } from '../../messages/index.ts';
import { type AnalysedMesh, type AnalysedObject, fullHost, nameOf } from '../../subject/index.ts';
import { gatewaysOf, isForMesh, routeDestinations, virtualServices } from './route-parts.ts';

/**
 * A gateway that sends to a host for which only the sidecars have rules with subsets: requests from outside do not pass
 * those, and reach all subsets.
 */
export function* analyzeIngressSubsets(mesh: AnalysedMesh): Iterable<Finding> {
  const { clusterDomain } = mesh.settings;
  const inMesh = new Map<string, AnalysedObject>();
  for (const object of virtualServices(mesh)) {
    if (!isForMesh(object) || gatewaysOf(object).length > 1) continue;
    if (!routeDestinations(object).some(({ subset }) => subset !== '')) continue;
    for (const host of object.spec.key('hosts').texts())
      inMesh.set(fullHost(host, object.namespace, clusterDomain), object);
  }
  for (const object of virtualServices(mesh)) {
    if (isForMesh(object)) continue;
    const told = new Set<AnalysedObject>();
    for (const { host, subset, mirror, field } of routeDestinations(object)) {
      const other = inMesh.get(fullHost(host, object.namespace, clusterDomain));
      if (other === undefined || subset !== '' || mirror || told.has(other)) continue;
      told.add(other);
      yield finding(
        ISTIO.IngressRouteRulesNotAffected,
        { object, path: field.path },
        nameOf(other),
        nameOf(object),
      );
    }
  }
}
