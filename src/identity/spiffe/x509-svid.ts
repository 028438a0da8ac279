import { createPrivateKey, type KeyObject } from 'node:crypto';
import { type Certificate, parsePem, readCertificate } from '../certificates/index.ts';
import { IdentityError } from '../errors.ts';
import { parseSpiffeUri, type SpiffeUri } from './spiffe-uri.ts';

/** An X.509-SVID as found in files of any SPIFFE system: who, the chain (leaf first), and the leaf's key. */
export interface X509Svid {
  readonly id: SpiffeUri;
  readonly chain: readonly [Certificate, ...Certificate[]];
  readonly privateKey: KeyObject;
}

/**
 * Reads an SVID from PEM texts, which may be one and the same; blocks may come in any order, the leaf before its
 * intermediates. Whether it is in time, and whom its chain leads to, is not asked here.
 * @throws IdentityError ERR_IDENTITY_PEM, _CERTIFICATE, _PRIVATE_KEY, _SPIFFE_SVID, _SPIFFE_URI.
 */
export function parseX509Svid(certificatesPem: string, privateKeyPem: string): X509Svid {
  const ders = parsePem(certificatesPem).filter((block) => block.label === 'CERTIFICATE');
  const [leaf, ...intermediates] = ders.map((block) => readCertificate(block.der));
  if (leaf === undefined)
    throw svidError('expected at least one CERTIFICATE block, got none', 'ERR_IDENTITY_PEM');
  const id = checkSvidLeaf(leaf);
  for (const intermediate of intermediates) checkSvidSigner(intermediate);
  return { id, chain: [leaf, ...intermediates], privateKey: readKey(privateKeyPem, leaf) };
}

/**
 * The rules of X509-SVID §2–4 for a leaf; gives its SPIFFE ID.
 * @throws IdentityError ERR_IDENTITY_SPIFFE_SVID, ERR_IDENTITY_SPIFFE_URI.
 */
function checkSvidLeaf(leaf: Certificate): SpiffeUri {
  // X509-SVID §2: exactly one URI SAN, whatever else of SANs there is.
  const [uri, ...others] = leaf.uriSans;
  if (uri === undefined || others.length > 0)
    throw svidError(`expected exactly one URI SAN in the leaf, got ${leaf.uriSans.length}`);
  const id = parseSpiffeUri(uri);
  // X509-SVID §4.1: cA must be false in a leaf.
  if (leaf.isCa) throw svidError('expected a leaf that is not a CA, got cA true');
  // X509-SVID §4.3: key usage is required: digitalSignature set, keyCertSign and cRLSign not.
  if (!leaf.keyUsage?.digitalSignature)
    throw svidError('expected key usage digitalSignature in the leaf, got none');
  if (leaf.keyUsage.certSign) throw svidError('expected no key usage keyCertSign in the leaf, got it');
  if (leaf.keyUsage.crlSign) throw svidError('expected no key usage cRLSign in the leaf, got it');
  return id;
}

/** @throws IdentityError ERR_IDENTITY_SPIFFE_SVID when the certificate is not that of a signing authority. */
function checkSvidSigner(signer: Certificate): void {
  if (!signer.isCa)
    throw svidError(`expected every intermediate to be a CA, got cA false in ${name(signer)}`);
  if (!signer.keyUsage?.certSign)
    throw svidError(`expected key usage keyCertSign in every intermediate, got none in ${name(signer)}`);
}

function readKey(pem: string, leaf: Certificate): KeyObject {
  const block = parsePem(pem).find((candidate) => candidate.label.endsWith('PRIVATE KEY'));
  if (block === undefined) throw keyError('expected a PRIVATE KEY block, got none');
  let key: KeyObject;
  try {
    key = block.label === 'PRIVATE KEY' ? pkcs8(block.der) : createPrivateKey(pem);
  } catch (error) {
    throw keyError('expected a private key in PKCS#8, got something that cannot be read', error);
  }
  if (!leaf.matchesPrivateKey(key)) throw keyError("expected the leaf's private key, got that of another");
  return key;
}

function pkcs8(der: Buffer): KeyObject {
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

function name(certificate: Certificate): string {
  return JSON.stringify(certificate.subject.replaceAll('\n', ', '));
}

function svidError(
  message: string,
  code: 'ERR_IDENTITY_SPIFFE_SVID' | 'ERR_IDENTITY_PEM' = 'ERR_IDENTITY_SPIFFE_SVID',
): IdentityError {
  return new IdentityError({ code, blame: 'downstream', message });
}

function keyError(message: string, cause?: unknown): IdentityError {
  return new IdentityError({ code: 'ERR_IDENTITY_PRIVATE_KEY', blame: 'downstream', message, cause });
}
