import { createHash } from 'node:crypto';
import {
  type EndpointSliceObject,
  SERVICE_NAME_LABEL,
  type ServiceObject,
  type ServicePort,
} from '../cluster/objects/index.ts';
import type { IpFamily } from '../../model/index.ts';
import { SERVICE_CIDRS } from '../cluster/index.ts';

/** The source that captured pods know as "a process of my node" and let past the mesh (wire.md §3.1, §3.4). */
const PROBE_SOURCES: Readonly<Record<IpFamily, string>> = {
  4: '169.254.7.127',
  6: 'fd16:9254:7127:1337:ffff:ffff:ffff:ffff',
};

const SERVICES = 'LAB-SERVICES';
const HAIRPIN = 'LAB-HAIRPIN';
const PROBES = 'LAB-PROBES';

/** What never changes in a node's namespace: hooks, probes' source, refusal of unknown virtual addresses. */
export function staticNodeRules(family: IpFamily): string {
  const range = family === 4 ? SERVICE_CIDRS.IPv4 : SERVICE_CIDRS.IPv6;
  const refuse = (chain: string): readonly string[] => [
    `-A ${chain} -d ${range} -p tcp -j REJECT --reject-with tcp-reset`,
    `-A ${chain} -d ${range} -j REJECT`,
  ];
  return [
    '*nat',
    `:${SERVICES} - [0:0]`,
    `:${HAIRPIN} - [0:0]`,
    `:${PROBES} - [0:0]`,
    `-A PREROUTING -d ${range} -j ${SERVICES}`,
    `-A OUTPUT -d ${range} -j ${SERVICES}`,
    // Only processes of this node have a socket here: forwarded packets keep their source.
    `-A POSTROUTING -p tcp -m owner --socket-exists ! -o lo -m addrtype --src-type LOCAL -j ${PROBES}`,
    `-A POSTROUTING -j ${HAIRPIN}`,
    'COMMIT',
    '*filter',
    ...refuse('FORWARD'),
    ...refuse('OUTPUT'),
    'COMMIT',
  ].join('\n');
}

/** What the rules of one node and family are made from. */
export interface ServiceRulesInput {
  readonly services: readonly ServiceObject[];
  readonly slices: readonly EndpointSliceObject[];
  /** This node's name, for internalTrafficPolicy: Local. */
  readonly node: string;
  /** This node's pods as a range: probes of these get the probe source. */
  readonly localPods: string;
  readonly family: IpFamily;
}

/** The changing part, as one atomic iptables-restore --noflush input: virtual address → a random endpoint. Pure. */
export function serviceRules(input: ServiceRulesInput): string {
  const chains: string[] = [];
  const rules: string[] = [];
  const hairpins = new Set<string>();
  const mask = input.family === 4 ? 32 : 128;
  for (const service of input.services) {
    const address = service.spec.clusterIPs?.find(
      (ip) => ip !== 'None' && ip.includes(':') === (input.family === 6),
    );
    if (address === undefined) continue;
    for (const port of service.spec.ports ?? []) {
      const endpoints = endpointsOf(input, service, port);
      if (endpoints.length === 0) continue;
      const protocol = (port.protocol ?? 'TCP').toLowerCase();
      const chain = chainName(
        `${service.metadata.namespace}/${service.metadata.name}/${port.port}/${protocol}`,
      );
      chains.push(chain);
      rules.push(`-A ${SERVICES} -d ${address}/${mask} -p ${protocol} --dport ${port.port} -j ${chain}`);
      for (const [index, endpoint] of endpoints.entries()) {
        const left = endpoints.length - index;
        const chance =
          left === 1 ? '' : `-m statistic --mode random --probability ${(1 / left).toFixed(10)} `;
        rules.push(`-A ${chain} -p ${protocol} ${chance}-j DNAT --to-destination ${hostPort(endpoint)}`);
        hairpins.add(endpoint.address);
      }
    }
  }
  return [
    '*nat',
    // Naming a chain empties it; those that no rule uses any more stay behind, empty.
    `:${SERVICES} - [0:0]`,
    `:${HAIRPIN} - [0:0]`,
    `:${PROBES} - [0:0]`,
    ...chains.map((chain) => `:${chain} - [0:0]`),
    ...rules,
    // A pod that is sent to itself must see an answer path that leads through the node.
    ...[...hairpins].map((ip) => `-A ${HAIRPIN} -s ${ip}/${mask} -d ${ip}/${mask} -j MASQUERADE`),
    `-A ${PROBES} -p tcp -d ${input.localPods} -j SNAT --to-source ${PROBE_SOURCES[input.family]}`,
    'COMMIT',
    '',
  ].join('\n');
}

interface Target {
  readonly address: string;
  readonly port: number;
}

function endpointsOf(input: ServiceRulesInput, service: ServiceObject, port: ServicePort): readonly Target[] {
  const { namespace, name } = service.metadata;
  const all = input.slices
    .filter(
      ({ metadata, addressType }) =>
        metadata.namespace === namespace &&
        metadata.labels[SERVICE_NAME_LABEL] === name &&
        addressType === (input.family === 4 ? 'IPv4' : 'IPv6'),
    )
    .flatMap((slice) => {
      const found = slice.ports?.find((candidate) => (candidate.name ?? '') === (port.name ?? ''));
      if (found === undefined) return [];
      return slice.endpoints.map((endpoint) => ({ endpoint, port: found.port }));
    })
    .filter(
      ({ endpoint }) => service.spec.internalTrafficPolicy !== 'Local' || endpoint.nodeName === input.node,
    );
  const ready = all.filter(({ endpoint }) => endpoint.conditions?.ready !== false);
  // As kube-proxy does: when nobody is ready, those that still serve while they end are better than a refusal.
  const usable =
    ready.length > 0
      ? ready
      : all.filter(
          ({ endpoint }) => endpoint.conditions?.serving === true && endpoint.conditions.terminating === true,
        );
  return usable.flatMap(({ endpoint, port: number }) =>
    endpoint.addresses.map((address) => ({ address, port: number })),
  );
}

function hostPort({ address, port }: Target): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Chain names hold 28 characters. */
function chainName(key: string): string {
  return `LAB-SVC-${createHash('sha256').update(key).digest('hex').slice(0, 16).toUpperCase()}`;
}
