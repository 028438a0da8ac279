import { matchesQuery, parseLabelQuery } from '../../../objects/index.ts';
import { DATAPLANE_MODE, readClaim } from '../../../translate/index.ts';
import { type Finding, finding, OWN } from '../../messages/index.ts';
import type { AnalysedMesh, AnalysedObject } from '../../subject/index.ts';

/** Namespaces, and workloads in them, that ask for a mesh whose discovery selectors leave them out. */
export function* analyzeDiscovery(mesh: AnalysedMesh): Iterable<Finding> {
  const selectors = mesh.meshConfig.key('discoverySelectors').items().map(parseLabelQuery);
  if (selectors.length === 0) return;
  const isSelected = (name: string): boolean => {
    const labels = mesh.get('/Namespace', '', name)?.labels ?? [];
    const own = new Map([[NAME_LABEL, name], ...labels]);
    return (
      ALWAYS.has(name) ||
      name === mesh.settings.rootNamespace ||
      selectors.some((one) => matchesQuery(one, own))
    );
  };
  const tell = (object: AnalysedObject, name: string): Finding =>
    finding(OWN.NamespaceNotSelected, { object, path: ['metadata', 'labels'] }, name);
  for (const object of mesh.of('/Namespace'))
    if (readClaim(object.labels, DATAPLANE_MODE, mesh.settings) === 'ambient' && !isSelected(object.name))
      yield tell(object, object.name);
  for (const { object, labels, namespace } of mesh.workloads.all)
    if (readClaim(labels, DATAPLANE_MODE, mesh.settings) === 'ambient' && !isSelected(namespace))
      yield tell(object, namespace);
}

const NAME_LABEL = 'kubernetes.io/metadata.name';
const ALWAYS: ReadonlySet<string> = new Set(['nodemesh-system']);
