import { errnoOf, MeshError } from '../../base/index.ts';
import type { ResponseFlags } from '../../telemetry/index.ts';

/** Error codes with their flags. */
export type FlagTable = Readonly<Record<string, ResponseFlags>>;

/**
 * The flag that Istio's dashboards know for a failed connection. The innermost error counts that has one: a pool that
 * could open no session says less than the certificate that was refused.
 */
export function responseFlags(error: MeshError | undefined, own: FlagTable): ResponseFlags {
  let flags: ResponseFlags = '-';
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    const found = current instanceof MeshError ? (own[current.code] ?? flagOf(current.code)) : undefined;
    if (found !== undefined) flags = found;
  }
  if (flags === '-' && error !== undefined && errnoOf(error) !== undefined) return 'CONNECT';
  return flags;
}

function flagOf(code: string): ResponseFlags | undefined {
  const exact = FLAGS[code];
  if (exact !== undefined) return exact;
  if (code.startsWith('ERR_IDENTITY_PEER_')) return 'IDENTITY_ERROR';
  if (code.startsWith('ERR_NET_CONNECT_')) return 'CONNECT';
  return undefined;
}

const FLAGS: FlagTable = {
  ERR_TUNNEL_CONNECT: 'CONNECT',
  ERR_TUNNEL_CONNECT_TIMEOUT: 'CONNECT',
  ERR_TUNNEL_STATUS: 'CONNECT',
  ERR_TUNNEL_ALPN: 'H2_HANDSHAKE_FAILURE',
  ERR_TUNNEL_PROTOCOL: 'H2_HANDSHAKE_FAILURE',
  ERR_IDENTITY_HANDSHAKE: 'TLS_FAILURE',
  ERR_IDENTITY_PEER_PROTOCOL: 'TLS_FAILURE',
  ERR_IDENTITY_PEER_REFUSED_US: 'TLS_FAILURE',
  ERR_IDENTITY_PEER_REVOKED: 'CERT_REVOKED',
};
