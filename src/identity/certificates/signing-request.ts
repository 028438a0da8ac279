import { randomBytes } from 'node:crypto';
import type { WorkloadIdentity } from '../../model/index.ts';
import { isSingleDerSequence } from './der.ts';
import { formatPem, parseSinglePem } from './pem.ts';
import {
  type CryptoKey,
  Pkcs10CertificateRequest,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
} from './x509-library.ts';
import { IdentityError } from '../errors.ts';

/** A key pair that never was anywhere else, and the request for a certificate of it. */
export interface SigningRequest {
  readonly csrPem: string;
  /** PKCS#8. */
  readonly privateKeyPem: string;
}

/** A new P-256 key and a request after wire.md §2.8: empty subject, the identity as only URI SAN, critical. */
export async function createSigningRequest(identity: WorkloadIdentity): Promise<SigningRequest> {
  const keys = await crypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create({
    keys,
    signingAlgorithm: SIGNING_ALGORITHM,
    extensions: [new SubjectAlternativeNameExtension([{ type: 'url', value: identity.id }], true)],
  });
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    csrPem: formatPem('CERTIFICATE REQUEST', new Uint8Array(request.rawData)),
    privateKeyPem: formatPem('PRIVATE KEY', new Uint8Array(key)),
  };
}

/**
 * Checks a request for `identity` and gives the key to certify. Nothing else of the request is used: what goes into
 * the certificate is the authority's choice alone.
 * @throws IdentityError ERR_IDENTITY_CSR.
 */
export async function checkSigningRequest(csrPem: string, identity: WorkloadIdentity): Promise<CryptoKey> {
  const request = readRequest(csrPem);
  checkNames(request, identity);
  try {
    const key = await request.publicKey.export();
    checkKey(key);
    // RFC 2986 §3: the signature proves that whoever asks holds the key.
    if (!(await request.verify()))
      throw csrError('expected a signature by the key of the request, got another');
    return key;
  } catch (error) {
    if (error instanceof IdentityError) throw error;
    throw csrError('expected a usable public key and signature, got neither', error);
  }
}

/** A positive serial number of 127 random bits (RFC 5280 §4.1.2.2), hex. */
export function createSerial(): string {
  const bytes = randomBytes(16);
  // The highest bit clear keeps it positive, the next set keeps its length.
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

function readRequest(csrPem: string): Pkcs10CertificateRequest {
  if (csrPem.length > LONGEST_CSR)
    throw csrError(`expected at most ${LONGEST_CSR} characters, got ${csrPem.length}`);
  try {
    const der = parseSinglePem(csrPem, ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST']);
    if (!isSingleDerSequence(der)) throw csrError('expected one DER sequence, got other or additional bytes');
    return new Pkcs10CertificateRequest(der);
  } catch (error) {
    throw csrError('expected a PEM certificate request, got something that cannot be read as one', error);
  }
}

function checkNames(request: Pkcs10CertificateRequest, identity: WorkloadIdentity): void {
  let names: readonly { readonly type: string; readonly value: string }[];
  try {
    names = request.extensions
      .filter((extension) => extension instanceof SubjectAlternativeNameExtension)
      .flatMap((extension) => extension.names.items);
  } catch (error) {
    throw csrError('expected readable subject alternative names, got damaged ones', error);
  }
  const [name, ...others] = names;
  if (name === undefined) return;
  if (others.length > 0 || name.type !== 'url' || name.value !== identity.id) {
    const got = names.slice(0, 5).map((one) => `${one.type} ${one.value.slice(0, 200)}`);
    throw csrError(`expected ${identity.id} as only subject alternative name, got ${got.join(', ')}`);
  }
}

function checkKey(key: CryptoKey): void {
  const algorithm: { readonly name: string; readonly namedCurve?: unknown } = key.algorithm;
  if (algorithm.name === 'ECDSA' && STRONG_CURVES.has(String(algorithm.namedCurve))) return;
  throw csrError(
    `expected an ECDSA key on P-256 or stronger, got ${algorithm.name} ${algorithm.namedCurve ?? ''}`,
  );
}

function csrError(message: string, cause?: unknown): IdentityError {
  return new IdentityError({ code: 'ERR_IDENTITY_CSR', blame: 'downstream', message, cause });
}

/** The key of every certificate that is made here. */
export const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;
/** How such a key signs. */
export const SIGNING_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const STRONG_CURVES: ReadonlySet<string> = new Set(['P-256', 'P-384', 'P-521']);
const LONGEST_CSR = 16_384;
