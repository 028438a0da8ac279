/** The lab's address plan. Node numbers start at 1. */
export interface NodeAddresses {
  readonly number: number;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly podCidrV4: string;
  readonly podCidrV6: string;
  /** The node as its pods see it: their DNS server, and where their probes would come from without SNAT. */
  readonly gatewayV4: string;
  readonly gatewayV6: string;
}

/** A pod's addresses, one of each family. */
export interface PodAddresses {
  readonly ipv4: string;
  readonly ipv6: string;
}

/** More nodes than this do not fit the address plan. */
export const MAXIMUM_NODES = 100;

export const BRIDGE_ADDRESSES = { ipv4: '172.30.0.1', ipv6: 'fd00:172:30::1' } as const;
export const CONTROLLER_ADDRESSES = { ipv4: '172.30.0.250', ipv6: 'fd00:172:30::250' } as const;
/** What every pod routes IPv6 through: the link-local address of its veth's other end. */
export const POD_LINK_GATEWAY_V6 = 'fe80::1';

/** Of the node with this number, from 1 to MAXIMUM_NODES. */
export function nodeAddresses(number: number): NodeAddresses {
  return {
    number,
    ipv4: `172.30.0.${number + 1}`,
    ipv6: `fd00:172:30::${(number + 1).toString(16)}`,
    podCidrV4: `10.244.${number}.0/24`,
    podCidrV6: `fd00:10:244:${number.toString(16)}::/64`,
    gatewayV4: `10.244.${number}.1`,
    gatewayV6: `fd00:10:244:${number.toString(16)}::1`,
  };
}

/** Gives each pod of a node its addresses, going round, so that one that was given back is not soon used again. */
export interface PodAddressPool {
  /** Undefined when the node is full (253 pods). */
  take(): PodAddresses | undefined;
  giveBack(addresses: PodAddresses): void;
}

const FIRST_HOST = 2;
const LAST_HOST = 254;

/** All free. `take` gives undefined when none is. */
export function createPodAddressPool(node: NodeAddresses): PodAddressPool {
  const taken = new Set<number>();
  let next = FIRST_HOST;
  return {
    take() {
      for (let tries = FIRST_HOST; tries <= LAST_HOST; tries++) {
        const host = next;
        next = next === LAST_HOST ? FIRST_HOST : next + 1;
        if (taken.has(host)) continue;
        taken.add(host);
        return {
          ipv4: `10.244.${node.number}.${host}`,
          ipv6: `fd00:10:244:${node.number.toString(16)}::${host.toString(16)}`,
        };
      }
      return undefined;
    },
    giveBack({ ipv4 }) {
      taken.delete(Number(ipv4.slice(ipv4.lastIndexOf('.') + 1)));
    },
  };
}
