import {
  type IpAddress,
  ipAddressFromBytes,
  ipAddressToBytes,
  type SocketAddress,
} from '../../model/index.ts';

/** `struct sockaddr_in` or `sockaddr_in6`: family in host order, port and address in network order. */
export function encodeSocketAddress({ address, port }: SocketAddress): Uint8Array {
  const bytes = ipAddressToBytes(address);
  const encoded = Buffer.alloc(bytes.length === 4 ? SOCKADDR_IN_BYTES : SOCKADDR_IN6_BYTES);
  encoded.writeUInt16LE(bytes.length === 4 ? AF_INET : AF_INET6, 0);
  encoded.writeUInt16BE(port, PORT_OFFSET);
  encoded.set(bytes, bytes.length === 4 ? ADDRESS_OFFSET_4 : ADDRESS_OFFSET_6);
  return encoded;
}

/** `struct sockaddr_in`, without a detour through bytes: it is read for each captured connection. */
export function decodeSocketAddress4(encoded: Buffer): SocketAddress {
  const [a, b, c, d] = [encoded[4], encoded[5], encoded[6], encoded[7]];
  return { address: `${a}.${b}.${c}.${d}` as IpAddress, port: encoded.readUInt16BE(PORT_OFFSET) };
}

/** `struct sockaddr_in6`; an IPv4-mapped address comes out as the IPv4 address. */
export function decodeSocketAddress6(encoded: Buffer): SocketAddress {
  return {
    address: ipAddressFromBytes(encoded.subarray(ADDRESS_OFFSET_6, ADDRESS_OFFSET_6 + 16)),
    port: encoded.readUInt16BE(PORT_OFFSET),
  };
}

export const SOCKADDR_IN_BYTES = 16;
export const SOCKADDR_IN6_BYTES = 28;

const AF_INET = 2;
const AF_INET6 = 10;
const PORT_OFFSET = 2;
const ADDRESS_OFFSET_4 = 4;
const ADDRESS_OFFSET_6 = 8;
