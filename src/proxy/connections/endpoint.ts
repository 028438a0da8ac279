import { formatAuthority, type IpAddress } from '../../model/index.ts';

/** One end of a TCP connection. */
export interface Endpoint {
  readonly address: IpAddress;
  readonly port: number;
}

/** `address:port`, IPv6 in brackets. */
export function formatEndpoint(endpoint: Endpoint): string {
  return formatAuthority(endpoint.address, endpoint.port);
}

/** By value: addresses are in canonical spelling. */
export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && a.address === b.address;
}
