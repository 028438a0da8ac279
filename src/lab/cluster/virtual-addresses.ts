import type { ObjectStore } from './store.ts';
import type { ServiceIpFamily, ServiceObject } from './objects/index.ts';

/** Where services get their virtual addresses from. */
export const SERVICE_CIDRS = { IPv4: '10.96.0.0/16', IPv6: 'fd00:10:96::/112' } as const;

/** Fills in type, families and virtual addresses as an API server would; keeps those of `previous`. */
export function withVirtualAddresses(
  service: ServiceObject,
  previous: ServiceObject | undefined,
  allocate: (family: ServiceIpFamily) => string,
): ServiceObject {
  const { spec } = service;
  const type = spec.type ?? 'ClusterIP';
  if (type === 'ExternalName') return { ...service, spec: { ...spec, type } };
  const ports = spec.ports?.map((port) => ({ protocol: 'TCP', targetPort: port.port, ...port }));
  const ipFamilies = spec.ipFamilies ?? previous?.spec.ipFamilies ?? familiesOf(spec.ipFamilyPolicy);
  const ipFamilyPolicy = spec.ipFamilyPolicy ?? (ipFamilies.length > 1 ? 'RequireDualStack' : 'SingleStack');
  const full = { ...spec, type, ipFamilies, ipFamilyPolicy, ...(ports === undefined ? {} : { ports }) };
  if (spec.clusterIP === 'None')
    return { ...service, spec: { ...full, clusterIP: 'None', clusterIPs: ['None'] } };
  const kept = previous?.spec.clusterIPs?.filter((address) => address !== 'None') ?? [];
  const asked = spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : kept);
  const clusterIPs = ipFamilies.map(
    (family) => asked.find((address) => familyOf(address) === family) ?? allocate(family),
  );
  const [clusterIP = ''] = clusterIPs;
  return { ...service, spec: { ...full, clusterIP, clusterIPs } };
}

/** Hands out addresses that no service in the store has, in turn, so that one is not soon given away again. */
export function createVirtualAddressAllocator(store: ObjectStore): (family: ServiceIpFamily) => string {
  let last = 9;
  return (family) => {
    const taken = new Set(store.list('Service').flatMap(({ spec }) => spec.clusterIPs ?? []));
    for (;;) {
      last = last >= 0xfffe ? 10 : last + 1;
      const address =
        family === 'IPv4' ? `10.96.${last >> 8}.${last & 0xff}` : `fd00:10:96::${last.toString(16)}`;
      if (!taken.has(address)) return address;
    }
  };
}

function familiesOf(policy: ServiceObject['spec']['ipFamilyPolicy']): readonly ServiceIpFamily[] {
  return policy === 'PreferDualStack' || policy === 'RequireDualStack' ? ['IPv4', 'IPv6'] : ['IPv4'];
}

function familyOf(address: string): ServiceIpFamily {
  return address.includes(':') ? 'IPv6' : 'IPv4';
}
