import { type Cidr, type IpAddress, ipAddressToBytes } from '../model/index.ts';

/** An address whose bytes are worked out at most once for one decision. */
export interface JudgedAddress {
  readonly text: IpAddress;
  bytes(): Uint8Array;
}

/** Costs nothing until bytes are asked for. */
export function judgedAddress(text: IpAddress): JudgedAddress {
  let bytes: Uint8Array | undefined;
  return {
    text,
    bytes() {
      bytes ??= ipAddressToBytes(text);
      return bytes;
    },
  };
}

interface Range {
  readonly bytes: Uint8Array;
  readonly wholeBytes: number;
  readonly restMask: number;
}

/** True for an address in any of the ranges; undefined without ranges. */
export function compileAddresses(cidrs: readonly Cidr[]): ((address: JudgedAddress) => boolean) | undefined {
  if (cidrs.length === 0) return undefined;
  const single = new Set<IpAddress>();
  const ranges: Range[] = [];
  for (const { address, prefixLength } of cidrs) {
    const bytes = ipAddressToBytes(address);
    if (prefixLength >= bytes.length * 8) single.add(address);
    else
      ranges.push({
        bytes,
        wholeBytes: prefixLength >> 3,
        restMask: (0xff << (8 - (prefixLength & 7))) & 0xff,
      });
  }
  if (ranges.length === 0) return (address) => single.has(address.text);
  return (address) => single.has(address.text) || ranges.some((range) => inRange(range, address.bytes()));
}

function inRange(range: Range, bytes: Uint8Array): boolean {
  // Lengths differ between families, which never contain one another (mapped addresses are IPv4 already).
  if (range.bytes.length !== bytes.length) return false;
  for (let index = 0; index < range.wholeBytes; index++)
    if (range.bytes[index] !== bytes[index]) return false;
  const last = range.wholeBytes;
  return last === bytes.length || (((range.bytes[last] ?? 0) ^ (bytes[last] ?? 0)) & range.restMask) === 0;
}
