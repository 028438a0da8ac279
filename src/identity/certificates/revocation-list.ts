import { verify } from 'node:crypto';
import { IdentityError } from '../errors.ts';
import { type Certificate, normalSerial } from './certificate.ts';
import { firstElement, isSingleDerSequence } from './der.ts';
import { parseSinglePem } from './pem.ts';
import { X509Crl } from './x509-library.ts';

/** A CRL (RFC 5280 §5) read once. */
export interface RevocationList {
  readonly thisUpdateMs: number;
  /** After this the list says nothing any more. Infinity when the list does not say. */
  readonly nextUpdateMs: number;
  readonly serials: ReadonlySet<string>;
  /** True when `issuer` may sign lists and made this one's signature. Costs one signature check. */
  isSignedBy(issuer: Certificate): boolean;
}

/** @throws IdentityError ERR_IDENTITY_PEM, ERR_IDENTITY_REVOCATION_LIST. */
export function readRevocationList(pem: string): RevocationList {
  const der = parseSinglePem(pem, ['X509 CRL']);
  try {
    if (!isSingleDerSequence(der)) throw new Error('not exactly one DER sequence');
    const parsed = new X509Crl(der);
    // Indirect and partial lists mark themselves by critical extensions (RFC 5280 §5.2): they do not cover all.
    const foreign = parsed.extensions.find((extension) => extension.critical);
    if (foreign !== undefined) throw new Error(`critical extension ${foreign.type} is not supported`);
    const hash = SIGNATURE_HASHES[parsed.signatureAlgorithm.hash?.name ?? ''];
    if (hash === undefined) throw new Error('signed with an algorithm that is not supported');
    return {
      thisUpdateMs: parsed.thisUpdate.getTime(),
      nextUpdateMs: parsed.nextUpdate?.getTime() ?? Number.POSITIVE_INFINITY,
      serials: new Set(parsed.entries.map((entry) => normalSerial(entry.serialNumber))),
      isSignedBy: (issuer) =>
        (issuer.keyUsage?.crlSign ?? true) &&
        verify(hash, firstElement(der), issuer.publicKey, new Uint8Array(parsed.signature)),
    };
  } catch (error) {
    throw new IdentityError({
      code: 'ERR_IDENTITY_REVOCATION_LIST',
      blame: 'upstream',
      message: 'expected a certificate revocation list, got bytes that cannot be used as one',
      cause: error,
    });
  }
}

const SIGNATURE_HASHES: Readonly<Record<string, string>> = {
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};
