import { type Finding, finding, ISTIO } from '../../messages/index.ts';
import { type AnalysedMesh, exportedTo, fullHost, isVisibleTo } from '../../subject/index.ts';
import { routeDestinations, virtualServices } from './route-parts.ts';

/** Subsets that no DestinationRule defines for the host. */
export function* analyzeSubsets(mesh: AnalysedMesh): Iterable<Finding> {
  const { clusterDomain } = mesh.settings;
  const defined = new Map<string, ReadonlySet<string>[]>();
  for (const rule of mesh.of('networking.istio.io/DestinationRule')) {
    const host = fullHost(rule.spec.key('host').text() ?? '', rule.namespace, clusterDomain);
    const visible = exportedTo(rule);
    for (const subset of rule.spec.key('subsets').items()) {
      const key = `${host}+${subset.key('name').text() ?? ''}`;
      defined.set(key, [...(defined.get(key) ?? []), visible]);
    }
  }
  for (const object of virtualServices(mesh)) {
    for (const { host, subset, mirror, field } of routeDestinations(object)) {
      if (subset === '') continue;
      const rules = defined.get(`${fullHost(host, object.namespace, clusterDomain)}+${subset}`) ?? [];
      if (rules.some((visible) => isVisibleTo(visible, object.namespace))) continue;
      const kind = `${mirror ? 'mirror' : 'host'}+subset in destinationrule`;
      const at = { object, path: field.key('subset').path };
      yield finding(ISTIO.ReferencedResourceNotFound, at, kind, `${host}+${subset}`);
    }
  }
}
