import { causeOf, type MeshError } from '../../base/index.ts';
import { IdentityError } from '../../identity/index.ts';
import { ProxyError } from '../proxy-error.ts';

/** A revocation stands behind the end of a session or the failure of a pool: it is the reason all the same. */
export function reasonOf(error: MeshError | undefined): string | undefined {
  return causeOf(error, ProxyError)?.reason ?? revocationOf(error);
}

/** A connection that was let in, and is not any more. */
export function isLateRefusal(error: MeshError | undefined, codes: ReadonlySet<string>): boolean {
  return error !== undefined && (codes.has(error.code) || revocationOf(error) !== undefined);
}

function revocationOf(error: MeshError | undefined): string | undefined {
  const code = causeOf(error, IdentityError)?.code;
  return code === 'ERR_IDENTITY_PEER_REVOKED' ? code : undefined;
}
