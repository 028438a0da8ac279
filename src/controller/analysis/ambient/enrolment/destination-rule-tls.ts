import { type Finding, finding, OWN } from '../../messages/index.ts';
import { type AnalysedMesh, enrolmentOf, indexHosts } from '../../subject/index.ts';

/** DestinationRules that would have clients speak TLS, or none, to Services that the mesh protects already. */
export function* analyzeDestinationRuleTls(mesh: AnalysedMesh): Iterable<Finding> {
  const hosts = indexHosts(mesh);
  for (const object of mesh.of('networking.istio.io/DestinationRule')) {
    const host = object.spec.key('host').text() ?? '';
    const policies = [
      object.spec.key('trafficPolicy'),
      ...object.spec
        .key('subsets')
        .items()
        .map((subset) => subset.key('trafficPolicy')),
    ];
    const blocks = policies
      .flatMap((policy) => [policy, ...policy.key('portLevelSettings').items()])
      .map((policy) => policy.key('tls').key('mode'))
      .filter(({ value }) => typeof value === 'string' && EFFECTS.has(value));
    if (blocks.length === 0 || !leadsIntoMesh(mesh, hosts.find(host, object.namespace))) continue;
    for (const field of blocks) {
      const mode = field.text() ?? '';
      yield finding(
        OWN.DestinationRuleTls,
        { object, path: field.path },
        mode,
        host,
        EFFECTS.get(mode) ?? '',
      );
    }
  }
}

function leadsIntoMesh(
  mesh: AnalysedMesh,
  owners: ReturnType<ReturnType<typeof indexHosts>['find']>,
): boolean {
  return owners.some(({ object }) => {
    const selector = object.spec.key('selector').textMap();
    if (object.kind !== 'Service' || selector.size === 0) return false;
    return mesh.workloads
      .select(object.namespace, selector)
      .some((workload) => enrolmentOf(mesh, workload) === 'in');
  });
}

const EFFECTS: ReadonlyMap<string, string> = new Map([
  [
    'DISABLE',
    "it does not turn the mesh's encryption off, and a sidecar that obeys it is refused under STRICT",
  ],
  ['SIMPLE', 'a sidecar that obeys it speaks TLS to an application that may expect none'],
  ['MUTUAL', "a sidecar that obeys it shows a certificate that is not the mesh's"],
]);
