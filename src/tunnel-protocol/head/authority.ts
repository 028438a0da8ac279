import { formatAuthority, type IpAddress, parsePort, tryParseIpAddress } from '../../model/index.ts';
import { TunnelError } from '../errors.ts';

/** What a CONNECT asks for: an address of a pod or VIP, or the hostname of a service. */
export type Authority =
  | { readonly kind: 'address'; readonly address: IpAddress; readonly port: number }
  | { readonly kind: 'hostname'; readonly hostname: string; readonly port: number };

/** Takes `1.2.3.4:80`, `[::1]:80` and `name:80` (RFC 9110 §9.3.6); hostnames come back lower-case without a final dot. */
export function parseAuthority(text: string): Authority {
  const authority = tryParse(text);
  if (authority !== undefined) return authority;
  throw new TunnelError({
    code: 'ERR_TUNNEL_AUTHORITY',
    blame: 'downstream',
    message: `expected address:port, [IPv6 address]:port or hostname:port, got ${JSON.stringify(text.slice(0, 300))}`,
  });
}

/** The one spelling that we send. */
export function formatTunnelAuthority(authority: Authority): string {
  return authority.kind === 'address'
    ? formatAuthority(authority.address, authority.port)
    : `${authority.hostname}:${authority.port}`;
}

function tryParse(text: string): Authority | undefined {
  const colon = text.lastIndexOf(':');
  const port = text.slice(colon + 1);
  if (colon <= 0 || !PORT.test(port)) return undefined;
  const host = text.slice(0, colon);
  if (host.startsWith('[')) {
    const address =
      host.endsWith(']') && !host.includes('%') ? tryParseIpAddress(host.slice(1, -1)) : undefined;
    // In brackets only IPv6 may stand, which has a colon; `[1.2.3.4]` parses but is no authority.
    if (address === undefined || !host.includes(':')) return undefined;
    return { kind: 'address', address, port: parsePort(port) };
  }
  if (host.includes(':')) return undefined;
  const address = tryParseIpAddress(host);
  if (address !== undefined) return { kind: 'address', address, port: parsePort(port) };
  const hostname = (host.endsWith('.') ? host.slice(0, -1) : host).toLowerCase();
  // Something like 1.2.3 or 1.2.3.999 is a mistyped address, never the name of a service.
  if (!HOSTNAME.test(hostname) || ALL_NUMERIC.test(hostname)) return undefined;
  return { kind: 'hostname', hostname, port: parsePort(port) };
}

const PORT = /^(?!0)(?:\d{1,4}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])$/;
const HOSTNAME =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;
const ALL_NUMERIC = /^[\d.]+$/;
