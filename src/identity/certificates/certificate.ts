import { createHash, type KeyObject, X509Certificate as NodeCertificate } from 'node:crypto';
import { IdentityError } from '../errors.ts';
import { isSingleDerSequence } from './der.ts';
import { formatPem, parseSinglePem } from './pem.ts';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  KeyUsagesExtension,
  KeyUsageFlags,
  SubjectAlternativeNameExtension,
  X509Certificate,
} from './x509-library.ts';

/** An X.509 certificate read once: everything that a decision about it needs, and nothing decided yet. */
export interface Certificate {
  readonly der: Buffer;
  readonly pem: string;
  /** SHA-256 of the DER, hex: what the certificate is called wherever one must be named. */
  readonly fingerprint: string;
  /** Upper-case hex, no leading zeros. */
  readonly serial: string;
  /** Names in one comparable spelling; '' for an empty subject. */
  readonly subject: string;
  readonly issuer: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly publicKey: KeyObject;
  /** basicConstraints cA. */
  readonly isCa: boolean;
  /** basicConstraints pathLenConstraint. */
  readonly pathLength: number | undefined;
  /** undefined: the extension is absent. */
  readonly keyUsage:
    | { readonly digitalSignature: boolean; readonly certSign: boolean; readonly crlSign: boolean }
    | undefined;
  /** OIDs; undefined: the extension is absent. */
  readonly extendedKeyUsage: readonly string[] | undefined;
  readonly uriSans: readonly string[];
  /** OIDs of critical extensions that this reader does not understand. A verifier must refuse those (RFC 5280 §4.2). */
  readonly unknownCritical: readonly string[];
  /** True when `issuer`'s key made this certificate's signature. Costs one signature check. */
  isSignedBy(issuer: Certificate): boolean;
  matchesPrivateKey(key: KeyObject): boolean;
}

/** @throws IdentityError ERR_IDENTITY_CERTIFICATE. */
export function readCertificate(der: Uint8Array): Certificate {
  if (!isSingleDerSequence(der))
    throw certificateError('expected one DER sequence, got other or additional bytes');
  try {
    return read(Buffer.from(der.buffer, der.byteOffset, der.byteLength));
  } catch (error) {
    throw certificateError('expected an X.509 certificate, got bytes that cannot be read as one', error);
  }
}

/** @throws IdentityError ERR_IDENTITY_PEM, ERR_IDENTITY_CERTIFICATE. */
export function readPemCertificate(pem: string): Certificate {
  return readCertificate(parseSinglePem(pem, ['CERTIFICATE']));
}

/** Serial numbers in the one spelling that is compared. */
export function normalSerial(hex: string): string {
  return hex
    .replace(/[:\s]/g, '')
    .replace(/^0+(?=.)/, '')
    .toUpperCase();
}

function read(der: Buffer): Certificate {
  const native = new NodeCertificate(der);
  const parsed = new X509Certificate(der);
  const basic = parsed.getExtension(BasicConstraintsExtension);
  const usages = parsed.getExtension(KeyUsagesExtension)?.usages;
  const names = parsed.getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
  return {
    der,
    pem: formatPem('CERTIFICATE', der),
    fingerprint: createHash('sha256').update(der).digest('hex'),
    serial: normalSerial(native.serialNumber),
    subject: native.subject ?? '',
    issuer: native.issuer ?? '',
    notBeforeMs: parsed.notBefore.getTime(),
    notAfterMs: parsed.notAfter.getTime(),
    publicKey: native.publicKey,
    isCa: basic?.ca ?? false,
    pathLength: basic?.pathLength,
    keyUsage:
      usages === undefined
        ? undefined
        : {
            digitalSignature: (usages & KeyUsageFlags.digitalSignature) !== 0,
            certSign: (usages & KeyUsageFlags.keyCertSign) !== 0,
            crlSign: (usages & KeyUsageFlags.cRLSign) !== 0,
          },
    extendedKeyUsage: parsed.getExtension(ExtendedKeyUsageExtension)?.usages.map(String),
    uriSans: names.filter((name) => name.type === 'url').map((name) => name.value),
    unknownCritical: parsed.extensions
      .filter((extension) => extension.critical && !UNDERSTOOD.has(extension.type))
      .map((extension) => extension.type),
    isSignedBy: (issuer) => native.verify(issuer.publicKey),
    matchesPrivateKey: (key) => native.checkPrivateKey(key),
  };
}

function certificateError(message: string, cause?: unknown): IdentityError {
  return new IdentityError({ code: 'ERR_IDENTITY_CERTIFICATE', blame: 'downstream', message, cause });
}

/** basicConstraints, keyUsage, subjectAltName, extKeyUsage (RFC 5280 §4.2.1). */
const UNDERSTOOD: ReadonlySet<string> = new Set(['2.5.29.19', '2.5.29.15', '2.5.29.17', '2.5.29.37']);
