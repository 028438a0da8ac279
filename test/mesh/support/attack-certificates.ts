import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { X509Certificate } from '../../../src/identity/certificates/x509-library.ts';
import { makeCertificate, makeRoot, type TestSigner } from '../../identity/support/certificates.ts';

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const HOUR_MS = 3_600_000;

/** A certificate to show, as PEM. */
export interface ShownCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Certificates that a lab's own authority would sign, and those that it never would. */
export interface AttackCertificates {
  readonly rootPem: string;
  readonly valid: ShownCertificate;
  readonly expired: ShownCertificate;
  readonly notYetValid: ShownCertificate;
  readonly foreignDomain: ShownCertificate;
  /** DNS name, no URI. */
  readonly noIdentity: ShownCertificate;
  readonly twoIdentities: ShownCertificate;
  /** SPIFFE, but of another shape than ns/sa. */
  readonly oddIdentity: ShownCertificate;
  readonly selfSigned: ShownCertificate;
  /** By another root of the very same name as ours. */
  readonly otherAuthority: ShownCertificate;
  /** By a root of another name. */
  readonly foreignAuthority: ShownCertificate;
  /** By a leaf of ours that plays authority. */
  readonly signedByLeaf: ShownCertificate;
}

/** Steals the root key from the lab's state directory, which is what the modes of that directory are to prevent. */
export async function stealAuthority(stateDirectory: string, identity: string): Promise<AttackCertificates> {
  const root = await stolenRoot(join(stateDirectory, 'ca'));
  const uris = [identity];
  const now = Date.now();
  const leaf = await makeCertificate({ signer: root, uris });
  const impostor = await makeRoot(root.name);
  const made = {
    valid: { signer: root, uris },
    expired: { signer: root, uris, notBeforeMs: now - 2 * HOUR_MS, notAfterMs: now - HOUR_MS },
    notYetValid: { signer: root, uris, notBeforeMs: now + HOUR_MS, notAfterMs: now + 2 * HOUR_MS },
    foreignDomain: { signer: root, uris: [identity.replace('cluster.local', 'evil.example')] },
    noIdentity: { signer: root, name: 'CN=client.shop' },
    twoIdentities: { signer: root, uris: [identity, 'spiffe://cluster.local/ns/kube-system/sa/admin'] },
    oddIdentity: { signer: root, uris: ['spiffe://cluster.local/ns/shop/sa/client/more'] },
    selfSigned: { uris },
    otherAuthority: { signer: impostor, uris },
    foreignAuthority: { signer: await makeRoot('CN=foreign'), uris },
    signedByLeaf: { signer: leaf, uris: ['spiffe://cluster.local/ns/kube-system/sa/admin'] },
  } as const;
  const names = Object.keys(made) as readonly (keyof typeof made)[];
  const shown = await Promise.all(
    names.map(async (name) => {
      const { pem, keyPem } = await makeCertificate(made[name]);
      const cert = name === 'signedByLeaf' ? `${pem}\n${leaf.pem}\n` : `${pem}\n`;
      return [name, { cert, key: keyPem }] as const;
    }),
  );
  const byName = Object.fromEntries(shown) as Record<keyof typeof made, ShownCertificate>;
  return { rootPem: root.pem, ...byName };
}

async function stolenRoot(directory: string): Promise<TestSigner> {
  const [keyFile] = (await readdir(directory)).filter((name) => name.endsWith('.key'));
  if (keyFile === undefined) throw new Error(`no key in ${directory}`);
  const keyPem = await readFile(join(directory, keyFile), 'utf8');
  const pem = await readFile(join(directory, keyFile.replace(/\.key$/, '.pem')), 'utf8');
  const certificate = new X509Certificate(pem);
  const pkcs8 = Buffer.from(keyPem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  return {
    pem,
    der: Buffer.from(certificate.rawData),
    keyPem,
    name: certificate.subject,
    keys: {
      publicKey: await certificate.publicKey.export(),
      privateKey: await crypto.subtle.importKey('pkcs8', pkcs8, P256, true, ['sign']),
    },
  };
}
