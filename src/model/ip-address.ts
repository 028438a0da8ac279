import { isIPv4, isIPv6 } from 'node:net';
import { ModelError } from './errors.ts';

/**
 * An IP address in the one spelling that nodemesh compares: dotted IPv4, or RFC 5952 IPv6. An IPv4-mapped IPv6
 * address is always written as its IPv4 address, so equal addresses are equal strings and can key a Map.
 */
export type IpAddress = string & { readonly __brand: 'IpAddress' };

/** As people write it, and as node:net does. */
export type IpFamily = 4 | 6;

const MAPPED_PREFIX = '::ffff:';

/** Accepts every textual form, also with a zone index, which is dropped. */
export function parseIpAddress(text: string): IpAddress {
  const address = tryParseIpAddress(text);
  if (address === undefined) {
    throw new ModelError({
      code: 'ERR_MODEL_IP_ADDRESS',
      blame: 'downstream',
      message: `expected an IPv4 or IPv6 address, got ${JSON.stringify(text)}`,
    });
  }
  return address;
}

/** As parseIpAddress; undefined for what is no address. */
export function tryParseIpAddress(text: string): IpAddress | undefined {
  if (isIPv4(text)) return text as IpAddress;
  const zone = text.indexOf('%');
  const bare = zone === -1 ? text : text.slice(0, zone);
  if (!isIPv6(bare)) return undefined;
  return formatIpAddress(bytesOfIpv6(bare));
}

/**
 * For addresses that the kernel told (socket.remoteAddress and the like): they are canonical but for the IPv4-mapped
 * form, so nothing is parsed on the path of a connection.
 */
export function kernelIpAddress(text: string): IpAddress {
  if (text.startsWith(MAPPED_PREFIX) && text.includes('.'))
    return text.slice(MAPPED_PREFIX.length) as IpAddress;
  const zone = text.indexOf('%');
  const bare = zone === -1 ? text : text.slice(0, zone);
  // inet_ntop(3) writes the long-dead IPv4-compatible addresses (::1.2.3.4) in dotted form too.
  return bare.includes('.') && bare.includes(':') ? parseIpAddress(bare) : (bare as IpAddress);
}

/** 4 or 16 bytes in network order, as protobuf carries them. */
export function ipAddressFromBytes(bytes: Uint8Array): IpAddress {
  if (bytes.length !== 4 && bytes.length !== 16) {
    throw new ModelError({
      code: 'ERR_MODEL_IP_ADDRESS',
      blame: 'downstream',
      message: `expected an address of 4 or 16 bytes, got ${bytes.length}`,
    });
  }
  return formatIpAddress(bytes);
}

/** 4 bytes for IPv4, 16 for IPv6, in network order. */
export function ipAddressToBytes(address: IpAddress): Uint8Array {
  return address.includes(':') ? bytesOfIpv6(address) : Uint8Array.from(address.split('.'), Number);
}

/** Of an address in canonical spelling: IPv4-mapped ones are of family 4. */
export function ipFamily(address: IpAddress): IpFamily {
  return address.includes(':') ? 6 : 4;
}

/** `address:port`, with IPv6 in brackets: the authority form of RFC 3986 §3.2.2. */
export function formatAuthority(address: IpAddress, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function bytesOfIpv6(text: string): Uint8Array {
  const bytes = new Uint8Array(16);
  let head = text;
  const dotted = text.lastIndexOf('.') === -1 ? undefined : text.slice(text.lastIndexOf(':') + 1);
  if (dotted !== undefined) {
    const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number);
    const hex = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
    head = text.slice(0, text.length - dotted.length) + hex;
  }
  const [left = '', right] = head.split('::');
  const leftGroups = left === '' ? [] : left.split(':');
  const rightGroups = right === undefined || right === '' ? [] : right.split(':');
  for (const [index, group] of leftGroups.entries()) writeGroup(bytes, index, group);
  for (const [index, group] of rightGroups.entries())
    writeGroup(bytes, 8 - rightGroups.length + index, group);
  return bytes;
}

function writeGroup(bytes: Uint8Array, index: number, group: string): void {
  const value = Number.parseInt(group, 16);
  bytes[index * 2] = value >> 8;
  bytes[index * 2 + 1] = value & 0xff;
}

function formatIpAddress(bytes: Uint8Array): IpAddress {
  if (bytes.length === 4) return bytes.join('.') as IpAddress;
  if (isMapped(bytes)) return bytes.subarray(12).join('.') as IpAddress;
  const groups: string[] = [];
  for (let index = 0; index < 16; index += 2) {
    groups.push((((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0)).toString(16));
  }
  return compress(groups) as IpAddress;
}

function isMapped(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
}

/** RFC 5952 §4.2: the longest run of two or more zero groups, the first of equals, becomes `::`. */
function compress(groups: readonly string[]): string {
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (groups[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
    if (length > 0) start += length;
  }
  if (best.start === -1) return groups.join(':');
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`;
}
