import { createPrivateKey, type KeyObject, type webcrypto } from 'node:crypto';
import type { Certificate } from './certificate.ts';
import { formatPem } from './pem.ts';
import { KEY_ALGORITHM, SIGNING_ALGORITHM } from './signing-request.ts';
import { type CryptoKey, type Name, SubjectKeyIdentifierExtension, X509Certificate } from './x509-library.ts';

/** Who signs: a name and a key pair whose private half cannot be exported. */
export interface SignerKeys {
  /** As in the signer's own certificate, byte for byte where that came from elsewhere. */
  readonly name: string | Name;
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
  /** Default ECDSA with SHA-256. */
  readonly signingAlgorithm?: SigningAlgorithm | undefined;
  /** The subject key identifier of its certificate, hex: what it signs must name that one, however it was made. */
  readonly keyId?: string | undefined;
}

/** A new P-256 pair, with the text that its private half is stored as: PKCS#8. */
export async function createKeyPair(): Promise<{
  readonly keys: webcrypto.CryptoKeyPair;
  readonly privateKeyPem: string;
}> {
  const keys = await crypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey));
  return { keys, privateKeyPem: formatPem('PRIVATE KEY', pkcs8) };
}

/**
 * The signer that a certificate and a private key (PKCS#8, PKCS#1 or SEC 1, PEM, not encrypted) make together. Throws when
 * the key is of another kind than P-256, P-384, P-521 or RSA from 2,048 bits, or not that of the certificate.
 */
export async function readSignerKeys(certificate: Certificate, keyPem: string): Promise<SignerKeys> {
  const key = createPrivateKey(keyPem);
  // A key that does not fit would sign certificates that nobody accepts.
  if (!certificate.matchesPrivateKey(key)) throw new Error('the key is not that of the certificate');
  const { algorithm, signingAlgorithm } = algorithmsOf(key);
  const pkcs8 = new Uint8Array(key.export({ type: 'pkcs8', format: 'der' }));
  const spki = new Uint8Array(certificate.publicKey.export({ type: 'spki', format: 'der' }));
  const parsed = new X509Certificate(certificate.der);
  return {
    name: parsed.subjectName,
    publicKey: await crypto.subtle.importKey('spki', spki, algorithm, true, ['verify']),
    privateKey: await crypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']),
    signingAlgorithm,
    keyId: parsed.getExtension(SubjectKeyIdentifierExtension)?.keyId,
  };
}

/** The name and the public key of a certificate, for another one of the same. */
export async function readCertifiedName(
  certificate: Certificate,
): Promise<Pick<SignerKeys, 'name' | 'publicKey'>> {
  const parsed = new X509Certificate(certificate.der);
  return { name: parsed.subjectName, publicKey: await parsed.publicKey.export() };
}

/** What WebCrypto calls the way of signing. */
export type SigningAlgorithm = { readonly name: string; readonly hash: string };

function algorithmsOf(key: KeyObject): {
  readonly algorithm: webcrypto.EcKeyImportParams | webcrypto.RsaHashedImportParams;
  readonly signingAlgorithm: SigningAlgorithm;
} {
  const { namedCurve = '', modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa' && modulusLength >= SHORTEST_RSA_BITS) {
    const signingAlgorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
    return { algorithm: signingAlgorithm, signingAlgorithm };
  }
  const curve = CURVES[namedCurve];
  if (key.asymmetricKeyType === 'ec' && curve !== undefined) {
    const signingAlgorithm =
      curve.hash === 'SHA-256' ? SIGNING_ALGORITHM : { name: 'ECDSA', hash: curve.hash };
    return { algorithm: { name: 'ECDSA', namedCurve: curve.name }, signingAlgorithm };
  }
  throw new Error(
    `expected a key of P-256, P-384, P-521 or RSA from ${SHORTEST_RSA_BITS} bits, got ${key.asymmetricKeyType} ${namedCurve || modulusLength}`,
  );
}

/** By OpenSSL's names; signed with the hash of their own strength (RFC 5758 §3.2). */
const CURVES: Readonly<Record<string, { readonly name: string; readonly hash: string }>> = {
  prime256v1: { name: 'P-256', hash: 'SHA-256' },
  secp384r1: { name: 'P-384', hash: 'SHA-384' },
  secp521r1: { name: 'P-521', hash: 'SHA-512' },
};
const SHORTEST_RSA_BITS = 2048;
