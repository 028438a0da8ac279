export { type Certificate, normalSerial, readCertificate, readPemCertificate } from './certificate.ts';
export { type ExpiryWarning, expiryWarning } from './expiry-warning.ts';
export { formatPem, parsePem, parsePemCertificates } from './pem.ts';
export { ensurePrivateFolder, readPrivateFile, writePrivateFile } from './private-file.ts';
export { type RevocationList, readRevocationList } from './revocation-list.ts';
export { createKeyPair, readCertifiedName, readSignerKeys, type SignerKeys } from './signer-keys.ts';
export { createTrustBundle, rootsOf } from './trust-bundle.ts';
export {
  checkSigningRequest,
  createSerial,
  createSigningRequest,
  KEY_ALGORITHM,
  SIGNING_ALGORITHM,
  type SigningRequest,
} from './signing-request.ts';
export type { CryptoKey } from './x509-library.ts';
