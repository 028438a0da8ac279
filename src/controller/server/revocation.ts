import { type Authority, IdentityError } from '../../identity/index.ts';
import type { AdminResponse } from '../../telemetry/index.ts';
import type { DeltaServer } from '../../xds/index.ts';
import type { ResourcePublisher } from './resource-publisher.ts';

/**
 * Revokes the certificate with `?serial=HEX` and answers once every connected proxy refuses it, or after a while.
 * Certificates that were issued are not recorded: any serial number is taken, and taken again.
 */
export async function revokeCertificate(
  mesh: {
    readonly authority: Authority;
    readonly server: Pick<DeltaServer, 'acknowledged'>;
    readonly publisher: Pick<ResourcePublisher, 'bundleChange'>;
  },
  query: URLSearchParams,
): Promise<AdminResponse> {
  const serial = query.get('serial');
  if (serial === null || serial === '')
    return { status: 400, body: 'say which: ?serial=HEX, as `nodemesh certificates` prints it\n' };
  try {
    const revoked = await mesh.authority.revoke(serial);
    const acknowledged = await mesh.server.acknowledged(mesh.publisher.bundleChange(), {
      timeoutMs: ACKNOWLEDGEMENT_MS,
    });
    return { body: { ...revoked, acknowledged } };
  } catch (error) {
    if (error instanceof IdentityError && error.code === 'ERR_IDENTITY_SERIAL') {
      const hint = error.hint === undefined ? '' : `; ${error.hint}`;
      return { status: 400, body: `${error.message}${hint}\n` };
    }
    throw error;
  }
}

const ACKNOWLEDGEMENT_MS = 5_000;
