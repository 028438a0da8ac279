import { type CaptureModes, type Cidr, type IpAddress, parsePort } from '../../model/index.ts';
import { NetError } from '../errors.ts';
import type { RedirectionNaming } from './names.ts';

/** The pod's capture modes, and what is the same for all pods. All optional. */
export interface RedirectionOptions extends Partial<CaptureModes> {
  /** Whose names chains, marks and routes have. Default `istio`. */
  readonly naming?: RedirectionNaming | undefined;
  /** Rules for IPv6 as well: only where the namespace has it (`namespaceHasIpv6`). Default true. */
  readonly ipv6?: boolean | undefined;
  /** Sources that reach the pod without the mesh. Default none. */
  readonly excludedInboundCidrs?: readonly Cidr[];
  /** Leave 169.254.0.0/16 and fe80::/10 (metadata services and the like) alone on the way out. Default true. */
  readonly excludeLinkLocal?: boolean;
  /** What probes from the node come from (wire.md §3.1): never captured. */
  readonly probeAddresses?: ProbeAddresses;
}

/** Where the probes of a node come from in the eyes of its pods (wire.md §3.1), one address for each family. */
export interface ProbeAddresses {
  readonly v4: IpAddress;
  readonly v6: IpAddress;
}

export const DEFAULT_PROBE_ADDRESSES: ProbeAddresses = {
  v4: '169.254.7.127' as IpAddress,
  v6: 'fd16:9254:7127:1337:ffff:ffff:ffff:ffff' as IpAddress,
};

/** The options with their defaults in: all that the rules of a pod are made from. */
export type RedirectionConfig = Readonly<
  Required<Omit<RedirectionOptions, 'naming' | 'ipv6' | 'existingConnections'>>
> & {
  readonly naming: RedirectionNaming;
  readonly ipv6: boolean;
};

/** Fills in the defaults and refuses what would not be a rule. Throws NetError. */
export function resolveRedirectionConfig(options: RedirectionOptions): RedirectionConfig {
  const config: RedirectionConfig = {
    naming: options.naming ?? 'istio',
    ipv6: options.ipv6 ?? true,
    inbound: options.inbound ?? true,
    dns: options.dns ?? false,
    excludedInboundPorts: options.excludedInboundPorts ?? [],
    excludedOutboundPorts: options.excludedOutboundPorts ?? [],
    excludedInboundCidrs: options.excludedInboundCidrs ?? [],
    excludedOutboundCidrs: options.excludedOutboundCidrs ?? [],
    excludeLinkLocal: options.excludeLinkLocal ?? true,
    virtualInterfaces: options.virtualInterfaces ?? [],
    probeAddresses: options.probeAddresses ?? DEFAULT_PROBE_ADDRESSES,
  };
  for (const name of config.virtualInterfaces) if (!INTERFACE_NAME.test(name)) throw badInterface(name);
  for (const port of [...config.excludedInboundPorts, ...config.excludedOutboundPorts]) checkPort(port);
  return config;
}

function checkPort(port: number): void {
  try {
    parsePort(port);
  } catch (cause) {
    throw new NetError({
      code: 'ERR_NET_REDIRECTION_OPTIONS',
      blame: 'downstream',
      message: `expected ports from 1 to 65535 to leave alone, got ${port}`,
      cause,
    });
  }
}

function badInterface(name: string): NetError {
  return new NetError({
    code: 'ERR_NET_REDIRECTION_OPTIONS',
    blame: 'downstream',
    message: `expected the name of a network interface, got ${JSON.stringify(name)}`,
    hint: 'look at the annotation istio.io/reroute-virtual-interfaces',
  });
}

/** What Linux takes for a name, less what would be a wildcard, a flag or the next word in a rule. */
const INTERFACE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,14}$/;
