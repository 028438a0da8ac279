import type { AnalysedMesh } from './analysed-mesh.ts';
import type { AnalysedObject } from './analysed-object.ts';
import { coveringHosts, exportedTo, fullHost, isVisibleTo } from './hosts.ts';

/** What a host name leads to. */
export interface HostOwner {
  readonly object: AnalysedObject;
  /** Numbers of its ports. */
  readonly ports: readonly number[];
}

/** Who answers for a host name. */
export interface HostIndex {
  /** Services and ServiceEntries with the host that `namespace` sees; a short name is one of its own Services. */
  find(host: string, namespace: string): readonly HostOwner[];
}

/** Of the Services and ServiceEntries that there are now; one for each analysis. */
export function indexHosts(mesh: AnalysedMesh): HostIndex {
  const { clusterDomain } = mesh.settings;
  const owners = new Map<string, (HostOwner & { readonly visible: ReadonlySet<string> })[]>();
  const add = (
    host: string,
    object: AnalysedObject,
    portField: string,
    visible: ReadonlySet<string>,
  ): void => {
    const ports = object.spec
      .key('ports')
      .items()
      .flatMap((port) => port.key(portField).integer() ?? []);
    const found = owners.get(host);
    if (found === undefined) owners.set(host, [{ object, ports, visible }]);
    else found.push({ object, ports, visible });
  };
  for (const object of mesh.of('/Service'))
    add(fullHost(object.name, object.namespace, clusterDomain), object, 'port', exportedTo(object));
  for (const object of mesh.of('networking.istio.io/ServiceEntry')) {
    const visible = exportedTo(object);
    for (const host of object.spec.key('hosts').texts())
      add(fullHost(host, object.namespace, clusterDomain), object, 'number', visible);
  }
  return {
    find: (host, namespace) =>
      coveringHosts(fullHost(host, namespace, clusterDomain)).flatMap((cover) =>
        (owners.get(cover) ?? []).filter(({ visible }) => isVisibleTo(visible, namespace)),
      ),
  };
}
