import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BasicConstraintsExtension,
  type CryptoKey,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '../../../src/identity/certificates/x509-library.ts';
import { createPeerVerifier, createTrustBundle, type PeerVerifier } from '../../../src/identity/index.ts';
import { createTlsIdentity, type TlsIdentity } from '../../../src/identity/tls/index.ts';
import { parseSpiffeId, type TrustBundle, type WorkloadIdentity } from '../../../src/model/index.ts';

/** Certificates of any shape, also wrong ones, which the authority would not make. */
export interface TestSigner {
  readonly pem: string;
  readonly der: Buffer;
  readonly keyPem: string;
  readonly name: string;
  readonly keys: { readonly publicKey: CryptoKey; readonly privateKey: CryptoKey };
}

export interface TestCertificateOptions {
  readonly signer?: TestSigner;
  readonly name?: string;
  readonly uris?: readonly string[];
  readonly ca?: boolean;
  readonly pathLength?: number;
  readonly usage?: number | undefined;
  readonly extendedUsage?: readonly string[];
  readonly notBeforeMs?: number;
  readonly notAfterMs?: number;
  readonly serial?: string;
  readonly criticalExtension?: string;
}

export const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
export const HOUR_MS = 3_600_000;
export const A = identity('spiffe://cluster.local/ns/shop/sa/a');
export const B = identity('spiffe://cluster.local/ns/shop/sa/b');

export function identity(uri: string): WorkloadIdentity {
  return parseSpiffeId(uri);
}

export async function makeCertificate(options: TestCertificateOptions): Promise<TestSigner> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const ca = options.ca ?? false;
  const name = options.name ?? '';
  const usage = 'usage' in options ? options.usage : defaultUsage(ca);
  const uris = options.uris ?? [];
  const certificate = await X509CertificateGenerator.create({
    serialNumber: options.serial ?? `40${randomBytes(8).toString('hex')}`,
    subject: name,
    issuer: options.signer?.name ?? name,
    notBefore: new Date(options.notBeforeMs ?? Date.now() - HOUR_MS),
    notAfter: new Date(options.notAfterMs ?? Date.now() + HOUR_MS),
    publicKey: keys.publicKey,
    signingKey: (options.signer?.keys ?? keys).privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(ca, options.pathLength, true),
      ...(usage === undefined ? [] : [new KeyUsagesExtension(usage, true)]),
      ...(uris.length === 0
        ? []
        : [
            new SubjectAlternativeNameExtension(
              uris.map((value) => ({ type: 'url' as const, value })),
              name === '',
            ),
          ]),
      ...(options.extendedUsage === undefined
        ? []
        : [new ExtendedKeyUsageExtension([...options.extendedUsage])]),
      ...(options.criticalExtension === undefined
        ? []
        : [new Extension(options.criticalExtension, true, new Uint8Array([5, 0]))]),
    ],
  });
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    pem: certificate.toString('pem'),
    der: Buffer.from(certificate.rawData),
    keyPem: pemOf('PRIVATE KEY', Buffer.from(pkcs8)),
    name,
    keys,
  };
}

export function makeRoot(name = 'CN=test root', options: TestCertificateOptions = {}): Promise<TestSigner> {
  return makeCertificate({ name, ca: true, ...options });
}

export function bundle(roots: readonly TestSigner[], crlsPem: readonly string[] = []): TrustBundle {
  return createTrustBundle({
    trustDomain: 'cluster.local',
    rootsPem: roots.map((root) => root.pem),
    crlsPem,
  });
}

export function tlsIdentity(
  chain: readonly [TestSigner, ...TestSigner[]],
  trusted: TrustBundle,
): { readonly tls: TlsIdentity } {
  const verifier: PeerVerifier = createPeerVerifier(trusted);
  const certificatePem = chain.map((one) => `${one.pem}\n`).join('');
  return { tls: createTlsIdentity({ certificatePem, privateKeyPem: chain[0].keyPem, verifier }) };
}

/** A folder for one test, gone afterwards. */
export async function withFolder<T>(work: (path: string) => Promise<T>): Promise<T> {
  const path = await mkdtemp(join(tmpdir(), 'nodemesh-identity-'));
  try {
    return await work(path);
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

function defaultUsage(ca: boolean): number {
  return ca ? KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign : KeyUsageFlags.digitalSignature;
}

function pemOf(label: string, der: Buffer): string {
  return `-----BEGIN ${label}-----\n${der.toString('base64')}\n-----END ${label}-----\n`;
}
