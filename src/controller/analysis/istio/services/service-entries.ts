import { type Finding, finding, ISTIO } from '../../messages/index.ts';
import {
  type AnalysedMesh,
  type AnalysedObject,
  exportedTo,
  exportsMeet,
  nameOf,
} from '../../subject/index.ts';

/** ServiceEntries that nothing but an address tells from others, and have none. */
export function* analyzeServiceEntryAddresses(mesh: AnalysedMesh): Iterable<Finding> {
  if (allocatesAddresses(mesh)) return;
  for (const object of mesh.of('networking.istio.io/ServiceEntry')) {
    if (object.spec.key('addresses').items().length > 0) continue;
    const port = object.spec
      .key('ports')
      .items()
      .find((candidate) => ['', 'TCP'].includes((candidate.key('protocol').text() ?? '').toUpperCase()));
    if (port !== undefined) yield finding(ISTIO.ServiceEntryAddressesRequired, { object, path: port.path });
  }
}

function allocatesAddresses({ meshConfig }: AnalysedMesh): boolean {
  const metadata = meshConfig.key('defaultConfig').key('proxyMetadata');
  const says = (name: string): boolean => String(metadata.key(name).value) === 'true';
  return (
    (says('ISTIO_META_DNS_CAPTURE') && says('ISTIO_META_DNS_AUTO_ALLOCATE')) ||
    says('PILOT_ENABLE_IP_AUTOALLOCATE')
  );
}

/** The same host and port with different protocols. */
export function* analyzeServiceEntryProtocols(mesh: AnalysedMesh): Iterable<Finding> {
  const uses = mesh.of('networking.istio.io/ServiceEntry').flatMap(usesOf);
  for (const [, same] of Map.groupBy(uses, ({ host, port }) => `${host} ${port}`)) {
    const told = new Set<AnalysedObject>();
    const known = new Set(same.map(({ protocol }) => protocol));
    if (known.size < 2) continue;
    for (const { object, host, port, protocol, path, visible } of same) {
      const others = same.filter((other) => other.object !== object && exportsMeet(other.visible, visible));
      if (told.has(object) || others.every((other) => other.protocol === protocol)) continue;
      told.add(object);
      const all = [{ object, protocol }, ...others];
      const names = [...new Set(all.map((use) => nameOf(use.object)))].sort().join(', ');
      const protocols = [...new Set(all.map((use) => use.protocol))].sort().join(', ');
      yield finding(ISTIO.ConflictingServiceEntryProtocol, { object, path }, names, host, port, protocols);
    }
  }
}

function usesOf(object: AnalysedObject) {
  const visible = exportedTo(object);
  const ports = object.spec.key('ports').items();
  return object.spec
    .key('hosts')
    .texts()
    .flatMap((host) =>
      ports.flatMap((field) => {
        const protocol = (field.key('protocol').text() ?? '').toUpperCase();
        const port = field.key('number').integer();
        return protocol === '' || port === undefined
          ? []
          : [{ object, host, port, protocol, path: field.path, visible }];
      }),
    );
}
