import type { WorkloadIdentity } from '../../model/index.ts';
import {
  type CryptoKey,
  createSerial,
  formatPem,
  SIGNING_ALGORITHM,
  type SignerKeys,
} from '../certificates/index.ts';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
  X509CrlGenerator,
} from '../certificates/x509-library.ts';

/** Who signs. */
export type Signer = SignerKeys;

/** Milliseconds since the epoch; certificates round them outwards to seconds. */
export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** A certificate of a signing authority: a root when the subject is the signer, else an intermediate. */
export async function createSigningCertificate(options: {
  readonly subject: Pick<Signer, 'name' | 'publicKey'>;
  readonly signer: Signer;
  readonly trustDomain: string;
  readonly validity: Validity;
  readonly pathLength?: number;
}): Promise<string> {
  const { subject, signer } = options;
  return create(subject.name, subject.publicKey, signer, options.validity, [
    new BasicConstraintsExtension(true, options.pathLength, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    // X509-SVID §3.1: a signing certificate is itself named by its trust domain, without a path.
    new SubjectAlternativeNameExtension([{ type: 'url', value: `spiffe://${options.trustDomain}` }]),
  ]);
}

/** The certificate of an authority for servers that are no workloads, signed by itself. */
export async function createServingAuthority(options: {
  readonly signer: Signer;
  readonly validity: Validity;
}): Promise<string> {
  const { signer, validity } = options;
  return create(signer.name, signer.publicKey, signer, validity, [
    new BasicConstraintsExtension(true, 0, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
  ]);
}

/** A workload's certificate after X509-SVID: the URI SAN is all of the name, hence critical (RFC 5280 §4.2.1.6). */
export function createWorkloadCertificate(options: {
  readonly identity: WorkloadIdentity;
  readonly publicKey: CryptoKey;
  readonly signer: Signer;
  readonly validity: Validity;
}): Promise<string> {
  return create('', options.publicKey, options.signer, options.validity, [
    ...LEAF_EXTENSIONS,
    new SubjectAlternativeNameExtension([{ type: 'url', value: options.identity.id }], true),
  ]);
}

/** The certificate of a server that clients know by DNS name or address. */
export function createServerCertificate(options: {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly publicKey: CryptoKey;
  readonly signer: Signer;
  readonly validity: Validity;
}): Promise<string> {
  const names = [
    ...options.dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ...options.ipAddresses.map((value) => ({ type: 'ip' as const, value })),
  ];
  return create('', options.publicKey, options.signer, options.validity, [
    ...LEAF_EXTENSIONS,
    new SubjectAlternativeNameExtension(names, true),
  ]);
}

/** A list of all revoked serials, in the name of one signer. */
export async function createRevocationList(options: {
  readonly signer: Signer;
  readonly revoked: readonly { readonly serial: string; readonly atMs: number }[];
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number;
}): Promise<string> {
  const { signer } = options;
  const list = await X509CrlGenerator.create({
    issuer: signer.name,
    thisUpdate: new Date(options.thisUpdateMs),
    nextUpdate: new Date(options.nextUpdateMs),
    entries: options.revoked.map((one) => ({
      serialNumber: one.serial,
      revocationDate: new Date(one.atMs),
    })),
    extensions: [await authorityKeyIdentifier(signer)],
    signingAlgorithm: signer.signingAlgorithm ?? SIGNING_ALGORITHM,
    signingKey: signer.privateKey,
  });
  return formatPem('X509 CRL', new Uint8Array(list.rawData));
}

async function create(
  subject: Signer['name'],
  publicKey: CryptoKey,
  signer: Signer,
  validity: Validity,
  extensions: readonly Extension[],
): Promise<string> {
  const certificate = await X509CertificateGenerator.create({
    serialNumber: createSerial(),
    subject,
    issuer: signer.name,
    // X.509 counts whole seconds: rounding outwards never makes a life shorter than asked.
    notBefore: new Date(Math.floor(validity.notBeforeMs / 1000) * 1000),
    notAfter: new Date(Math.ceil(validity.notAfterMs / 1000) * 1000),
    publicKey,
    signingKey: signer.privateKey,
    signingAlgorithm: signer.signingAlgorithm ?? SIGNING_ALGORITHM,
    extensions: [...extensions, await subjectKeyIdentifier(publicKey), await authorityKeyIdentifier(signer)],
  });
  return formatPem('CERTIFICATE', new Uint8Array(certificate.rawData));
}

function subjectKeyIdentifier(publicKey: CryptoKey): Promise<Extension> {
  return SubjectKeyIdentifierExtension.create(publicKey);
}

/** As the signer's own certificate calls its key: others make such identifiers in other ways. */
async function authorityKeyIdentifier({ keyId, publicKey }: Signer): Promise<Extension> {
  return keyId === undefined
    ? AuthorityKeyIdentifierExtension.create(publicKey)
    : new AuthorityKeyIdentifierExtension(keyId);
}

const LEAF_EXTENSIONS: readonly Extension[] = [
  new BasicConstraintsExtension(false, undefined, true),
  new KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
  new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
];
