import { createSerial, formatPem, KEY_ALGORITHM } from '../certificates/index.ts';
import { createServerCertificate, createServingAuthority } from './certificate-profiles.ts';

/** PEM. */
export interface StandaloneCertificate {
  /** Of the authority that was made for this certificate alone. */
  readonly authorityPem: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/**
 * A certificate for a server that is no workload, such as a webhook, under an authority of its own whose key is forgotten at
 * once: whoever trusts that authority trusts this one certificate. `name` is the authority's common name.
 */
export async function createStandaloneCertificate(options: {
  readonly name: string;
  readonly dnsNames: readonly string[];
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  readonly ttlMs: number;
}): Promise<StandaloneCertificate> {
  const { dnsNames, nowMs, ttlMs } = options;
  const validity = { notBeforeMs: nowMs - BACKDATE_MS, notAfterMs: nowMs + ttlMs };
  const [authority, server] = await Promise.all([
    crypto.subtle.generateKey(KEY_ALGORITHM, false, ['sign', 'verify']),
    crypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']),
  ]);
  // Of two in one bundle each has a name of its own.
  const signer = { name: `CN=${options.name} ${createSerial().slice(0, 8)}`, ...authority };
  const [authorityPem, certificatePem, key] = await Promise.all([
    createServingAuthority({ signer, validity }),
    createServerCertificate({ dnsNames, ipAddresses: [], publicKey: server.publicKey, signer, validity }),
    crypto.subtle.exportKey('pkcs8', server.privateKey),
  ]);
  return { authorityPem, certificatePem, privateKeyPem: formatPem('PRIVATE KEY', new Uint8Array(key)) };
}

/** For clocks that differ. */
const BACKDATE_MS = 300_000;
