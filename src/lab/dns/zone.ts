import {
  type EndpointSliceObject,
  isHeadless,
  SERVICE_NAME_LABEL,
  type ServiceObject,
} from '../cluster/objects/index.ts';
import type { DnsRecord } from './message.ts';

/** Name (without the final dot) → its records. A name with an empty list exists but has nothing: NODATA. */
export type Zone = ReadonlyMap<string, readonly DnsRecord[]>;

/** What names are made from. */
export interface ZoneInput {
  readonly services: readonly ServiceObject[];
  readonly slices: readonly EndpointSliceObject[];
  readonly namespaces: readonly string[];
  readonly clusterDomain: string;
  /** Further names, such as the controller's. */
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** The names that Kubernetes gives services and their pods (its DNS specification 1.1.0). Pure. */
export function buildZone(input: ZoneInput): Zone {
  const zone = new Map<string, DnsRecord[]>();
  const root = `svc.${input.clusterDomain}`;
  const add = (name: string, ...records: readonly DnsRecord[]): void => {
    const present = zone.get(name);
    if (present === undefined) zone.set(name, [...records]);
    else present.push(...records);
  };
  add(input.clusterDomain);
  add(root);
  for (const namespace of input.namespaces) add(`${namespace}.${root}`);
  for (const [name, addresses] of Object.entries(input.extra ?? {}))
    add(name, ...addresses.map(addressRecord));
  for (const service of input.services) {
    const name = `${service.metadata.name}.${service.metadata.namespace}.${root}`;
    const slices = input.slices.filter((slice) => belongsTo(slice, service));
    if (service.spec.type === 'ExternalName') {
      add(name, {
        type: 'CNAME',
        target: (service.spec.externalName ?? '').replace(/\.$/, '').toLowerCase(),
      });
    } else if (isHeadless(service)) addHeadless(add, name, slices);
    else addVirtual(add, name, service);
  }
  return zone;
}

type Add = (name: string, ...records: readonly DnsRecord[]) => void;

function addVirtual(add: Add, name: string, service: ServiceObject): void {
  add(name, ...(service.spec.clusterIPs ?? []).map(addressRecord));
  for (const port of service.spec.ports ?? []) {
    if (port.name === undefined) continue;
    add(`_${port.name}._${(port.protocol ?? 'TCP').toLowerCase()}.${name}`, {
      type: 'SRV',
      port: port.port,
      target: name,
    });
  }
}

function addHeadless(add: Add, name: string, slices: readonly EndpointSliceObject[]): void {
  add(name);
  for (const slice of slices) {
    for (const endpoint of slice.endpoints) {
      if (endpoint.conditions?.ready === false) continue;
      add(name, ...endpoint.addresses.map(addressRecord));
      const host = endpoint.hostname ?? endpoint.addresses[0]?.replaceAll(/[.:]/g, '-');
      if (host === undefined) continue;
      add(`${host}.${name}`, ...endpoint.addresses.map(addressRecord));
      for (const port of slice.ports ?? []) {
        if (!port.name) continue;
        add(`_${port.name}._${(port.protocol ?? 'TCP').toLowerCase()}.${name}`, {
          type: 'SRV',
          port: port.port,
          target: `${host}.${name}`,
        });
      }
    }
  }
}

function belongsTo({ metadata }: EndpointSliceObject, service: ServiceObject): boolean {
  return (
    metadata.namespace === service.metadata.namespace &&
    metadata.labels[SERVICE_NAME_LABEL] === service.metadata.name
  );
}

function addressRecord(address: string): DnsRecord {
  return { type: address.includes(':') ? 'AAAA' : 'A', address };
}
