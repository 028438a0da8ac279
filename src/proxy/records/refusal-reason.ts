import { causeOf, type MeshError } from '../../base/index.ts';
import { IdentityError } from '../../identity/index.ts';
import { TunnelError } from '../../tunnel-protocol/index.ts';
import { ProxyError } from '../proxy-error.ts';

/**
 * What stands behind an error is the reason all the same: a revocation behind the end of a session or the failure of a pool, and
 * what the peer of a refused tunnel has decided.
 */
export function reasonOf(error: MeshError | undefined): string | undefined {
  return (
    causeOf(error, ProxyError)?.reason ??
    revocationOf(error) ??
    causeOf(error, TunnelError)?.refusal?.why?.reason
  );
}

/** A connection that was let in, and is not any more. */
export function isLateRefusal(error: MeshError | undefined, codes: ReadonlySet<string>): boolean {
  return error !== undefined && (codes.has(error.code) || revocationOf(error) !== undefined);
}

function revocationOf(error: MeshError | undefined): string | undefined {
  const code = causeOf(error, IdentityError)?.code;
  return code === 'ERR_IDENTITY_PEER_REVOKED' ? code : undefined;
}
