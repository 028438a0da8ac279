/**
 * The only door to @peculiar/x509: the library's container wants a Reflect polyfill loaded before it, and the
 * platform's own WebCrypto as its engine.
 */
import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import { cryptoProvider } from '@peculiar/x509';

cryptoProvider.set(globalThis.crypto);

/** WebCrypto's key, whose private half need not be exportable. */
export type CryptoKey = webcrypto.CryptoKey;

export {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  Pkcs10CertificateRequest,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  X509Crl,
  X509CrlGenerator,
} from '@peculiar/x509';
