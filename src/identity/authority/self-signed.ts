import { randomBytes } from 'node:crypto';
import { createKeyPair } from '../certificates/index.ts';
import { createSigningCertificate } from './certificate-profiles.ts';
import type { AuthorityMaterial } from './plugged-authority.ts';

/** A new root of ten years that signs itself, to be handed in, by whoever keeps it where several controllers find it. */
export async function createSelfSignedMaterial(options: {
  readonly trustDomain: string;
  readonly nowMs: number;
}): Promise<AuthorityMaterial> {
  const { trustDomain, nowMs } = options;
  const { keys, privateKeyPem } = await createKeyPair();
  const subject = { name: `CN=nodemesh root ${randomBytes(6).toString('hex')}`, ...keys };
  const validity = { notBeforeMs: nowMs - BACKDATE_MS, notAfterMs: nowMs + TEN_YEARS_MS };
  const pem = await createSigningCertificate({ subject, signer: subject, trustDomain, validity });
  return { certificatePem: pem, keyPem: privateKeyPem, chainPem: pem, rootsPem: pem };
}

/** For clocks that differ a little. */
const BACKDATE_MS = 120_000;
const TEN_YEARS_MS = 3650 * 86_400_000;
