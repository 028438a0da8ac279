import { type Finding, finding, ISTIO } from '../../messages/index.ts';
import {
  type AnalysedMesh,
  type AnalysedObject,
  createOverlapIndex,
  exportedTo,
  exportsMeet,
  fullHost,
  nameOf,
} from '../../subject/index.ts';
import { isForMesh, virtualServices } from './route-parts.ts';

/** VirtualServices that say different things of the same host to the same clients. */
export function* analyzeHostConflicts(mesh: AnalysedMesh): Iterable<Finding> {
  const claims = virtualServices(mesh)
    .filter(isForMesh)
    .flatMap((object) => claimsOf(object, mesh));
  const index = createOverlapIndex<Claim>();
  for (const claim of claims) index.add(claim.host, claim);
  for (const { object, host, visible, path } of claims) {
    const names = new Set<string>();
    for (const other of index.find(host))
      if (other.object !== object && exportsMeet(visible, other.visible)) names.add(nameOf(other.object));
    if (names.size === 0) continue;
    names.add(nameOf(object));
    yield finding(
      ISTIO.ConflictingMeshGatewayVirtualServiceHosts,
      { object, path },
      [...names].sort().join(','),
      host,
    );
  }
}

interface Claim {
  readonly object: AnalysedObject;
  readonly host: string;
  readonly visible: ReadonlySet<string>;
  readonly path: readonly (string | number)[];
}

function claimsOf(object: AnalysedObject, { settings }: AnalysedMesh): readonly Claim[] {
  const visible = exportedTo(object);
  return object.spec
    .key('hosts')
    .items()
    .flatMap((field) => {
      const host = field.text();
      if (host === undefined) return [];
      return [
        { object, host: fullHost(host, object.namespace, settings.clusterDomain), visible, path: field.path },
      ];
    });
}
