import { ModelError } from './errors.ts';
import { type IpAddress, ipAddressFromBytes, ipAddressToBytes, tryParseIpAddress } from './ip-address.ts';

/** A range of addresses. The address keeps the bits below the prefix as they were written; matching ignores them. */
export interface Cidr {
  readonly address: IpAddress;
  /** 0 to 32 for IPv4, 0 to 128 for IPv6. */
  readonly prefixLength: number;
}

/** `10.0.0.0/8`, `fd00::/8`, or a bare address, which stands for itself alone. */
export function parseCidr(text: string): Cidr {
  const slash = text.indexOf('/');
  const address = tryParseIpAddress(slash === -1 ? text : text.slice(0, slash));
  if (address === undefined) throw badCidr(text);
  const longest = longestPrefix(address);
  if (slash === -1) return { address, prefixLength: longest };
  const digits = text.slice(slash + 1);
  // A mapped address became IPv4: its prefix counts from the 96 bits that went away.
  const prefixLength = Number(digits) - (longest === 32 && text.includes(':') ? 96 : 0);
  if (!/^\d{1,3}$/.test(digits) || prefixLength < 0 || prefixLength > longest) throw badCidr(text);
  return { address, prefixLength };
}

/** 4 or 16 bytes in network order. Throws ModelError for another length, or a prefix longer than the address. */
export function cidrFromBytes(bytes: Uint8Array, prefixLength: number): Cidr {
  const address = ipAddressFromBytes(bytes);
  // A mapped address became IPv4: its prefix counts from the 96 bits that went away.
  const length = bytes.length === 16 && !address.includes(':') ? prefixLength - 96 : prefixLength;
  if (length < 0 || length > longestPrefix(address)) throw badCidr(`${address}/${prefixLength}`);
  return { address, prefixLength: length };
}

/** Always with its prefix length, also where that is all of the address. */
export function formatCidr(cidr: Cidr): string {
  return `${cidr.address}/${cidr.prefixLength}`;
}

/** False across families: an IPv6 range holds no IPv4 address, not even `::/0`. */
export function cidrContains(cidr: Cidr, address: IpAddress): boolean {
  if (cidr.address.includes(':') !== address.includes(':')) return false;
  if (cidr.prefixLength === longestPrefix(address)) return cidr.address === address;
  const range = ipAddressToBytes(cidr.address);
  const candidate = ipAddressToBytes(address);
  const wholeBytes = cidr.prefixLength >> 3;
  for (let index = 0; index < wholeBytes; index++) if (range[index] !== candidate[index]) return false;
  const restBits = cidr.prefixLength & 7;
  if (restBits === 0) return true;
  const mask = (0xff << (8 - restBits)) & 0xff;
  return ((range[wholeBytes] ?? 0) & mask) === ((candidate[wholeBytes] ?? 0) & mask);
}

function longestPrefix(address: IpAddress): number {
  return address.includes(':') ? 128 : 32;
}

function badCidr(text: string): ModelError {
  return new ModelError({
    code: 'ERR_MODEL_CIDR',
    blame: 'downstream',
    message: `expected an address or a range such as 10.0.0.0/8, got ${JSON.stringify(text)}`,
  });
}
