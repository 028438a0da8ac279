import { formatAuthority, type IpAddress } from './ip-address.ts';

/** One end of a TCP connection. */
export interface SocketAddress {
  readonly address: IpAddress;
  readonly port: number;
}

/** `address:port`, IPv6 in brackets. */
export function formatSocketAddress({ address, port }: SocketAddress): string {
  return formatAuthority(address, port);
}

/** By value: addresses are in canonical spelling. */
export function sameSocketAddress(a: SocketAddress, b: SocketAddress): boolean {
  return a.port === b.port && a.address === b.address;
}
