import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where the two are. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** PEM. */
export interface ServerCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/**
 * What the files hold. A lab mounts no volumes, so that they are often not there: then a certificate for this pod's
 * hostname, of an authority that nobody knows.
 */
export async function serverCertificate(files: CertificateFiles): Promise<ServerCertificate> {
  if (existsSync(files.certificate) && existsSync(files.key)) {
    return {
      certificatePem: readFileSync(files.certificate, 'utf8'),
      keyPem: readFileSync(files.key, 'utf8'),
    };
  }
  const { openAuthority } = await import('../../identity/index.ts');
  const directory = await mkdtemp(join(tmpdir(), 'nodemesh-echo-'));
  try {
    const authority = await openAuthority({ directory, trustDomain: 'echo.invalid' });
    const dnsNames = [hostname(), 'localhost'];
    const made = await authority.serverCertificate({ dnsNames, ipAddresses: [] });
    await authority.close();
    return { certificatePem: made.certificatePem, keyPem: made.privateKeyPem };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
