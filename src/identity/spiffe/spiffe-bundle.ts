import { createPublicKey } from 'node:crypto';
import { checkTrustDomain } from '../../model/index.ts';
import { type Certificate, parsePem, readCertificate } from '../certificates/index.ts';
import { IdentityError } from '../errors.ts';

/** What a trust domain publishes so that others can check its SVIDs (SPIFFE_Trust_Domain_and_Bundle.md §4). */
export interface SpiffeBundle {
  readonly trustDomain: string;
  readonly x509Authorities: readonly Certificate[];
  /** Public keys of JWT-SVIDs as JWK, by key id. */
  readonly jwtAuthorities: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** Grows with every change of the bundle. */
  readonly sequence: number | undefined;
  readonly refreshHintMs: number | undefined;
}

/**
 * Roots in PEM. An empty text is an empty bundle, which trusts nobody; blocks that are not certificates are skipped.
 * @throws IdentityError ERR_IDENTITY_PEM, ERR_IDENTITY_CERTIFICATE; ModelError for the trust domain.
 */
export function parseX509Bundle(trustDomain: string, pem: string): SpiffeBundle {
  const blocks = parsePem(pem);
  if (blocks.length === 0 && pem.trim().length > 0) {
    throw new IdentityError({
      code: 'ERR_IDENTITY_PEM',
      blame: 'downstream',
      message: 'expected PEM or nothing, got text without a PEM block',
    });
  }
  const certificates = blocks.filter((block) => block.label === 'CERTIFICATE');
  return {
    trustDomain: checkTrustDomain(trustDomain),
    x509Authorities: distinct(certificates.map((block) => readCertificate(block.der))),
    jwtAuthorities: new Map(),
    sequence: undefined,
    refreshHintMs: undefined,
  };
}

/**
 * The SPIFFE bundle format: a JWKS whose keys say what they are for.
 * @throws IdentityError ERR_IDENTITY_SPIFFE_BUNDLE naming the entry; ModelError for the trust domain.
 */
export function parseSpiffeBundle(trustDomain: string, json: string): SpiffeBundle {
  const document = parseObject(json);
  const x509Authorities: Certificate[] = [];
  const jwtAuthorities = new Map<string, Readonly<Record<string, unknown>>>();
  for (const [index, entry] of keysOf(document).entries()) {
    const key = jwkOf(entry, index);
    // §4.2.2: entries of a use that is not known are ignored.
    if (key.use === 'x509-svid') x509Authorities.push(authorityOf(key, index));
    else if (key.use === 'jwt-svid') addJwtAuthority(jwtAuthorities, key, index);
  }
  const hintSeconds = countOf(document, 'spiffe_refresh_hint');
  return {
    trustDomain: checkTrustDomain(trustDomain),
    x509Authorities: distinct(x509Authorities),
    jwtAuthorities,
    sequence: countOf(document, 'spiffe_sequence'),
    refreshHintMs: hintSeconds === undefined ? undefined : hintSeconds * 1000,
  };
}

/**
 * A plain JWKS of keys for JWT-SVIDs, where `use` need not be said.
 * @throws IdentityError ERR_IDENTITY_SPIFFE_BUNDLE naming the entry; ModelError for the trust domain.
 */
export function parseJwtBundle(trustDomain: string, json: string): SpiffeBundle {
  const jwtAuthorities = new Map<string, Readonly<Record<string, unknown>>>();
  for (const [index, entry] of keysOf(parseObject(json)).entries())
    addJwtAuthority(jwtAuthorities, jwkOf(entry, index), index);
  return {
    trustDomain: checkTrustDomain(trustDomain),
    x509Authorities: [],
    jwtAuthorities,
    sequence: undefined,
    refreshHintMs: undefined,
  };
}

type Json = Readonly<Record<string, unknown>>;

function parseObject(json: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw bundleError('expected JSON, got something else', error);
  }
  if (!isObject(value)) throw bundleError('expected a JSON object, got another value');
  return value;
}

function keysOf(document: Json): readonly unknown[] {
  // §4.1.4: the member must be there; an empty list says that the domain revoked all it had.
  if (!Array.isArray(document.keys)) throw bundleError('expected a list "keys", got none');
  return document.keys;
}

function jwkOf(entry: unknown, index: number): Json {
  if (!isObject(entry)) throw bundleError(`expected an object in keys[${index}], got another value`);
  if (typeof entry.kty !== 'string') throw bundleError(`expected "kty" in keys[${index}], got none`);
  return entry;
}

function authorityOf(key: Json, index: number): Certificate {
  // §4.2.3: exactly one certificate, the root itself, and its key is the entry's.
  const [encoded, ...others] = Array.isArray(key.x5c) ? key.x5c : [];
  if (typeof encoded !== 'string' || others.length > 0)
    throw bundleError(`expected exactly one certificate in keys[${index}].x5c, got ${countX5c(key.x5c)}`);
  try {
    const certificate = readCertificate(Buffer.from(encoded, 'base64'));
    if (!publicKeyOf(key).equals(certificate.publicKey))
      throw bundleError('the key is not that of the certificate');
    return certificate;
  } catch (error) {
    throw bundleError(
      `expected a certificate and its public key in keys[${index}], got something else`,
      error,
    );
  }
}

function addJwtAuthority(into: Map<string, Json>, key: Json, index: number): void {
  if (typeof key.kid !== 'string' || key.kid.length === 0)
    throw bundleError(`expected a key id "kid" in keys[${index}], got none`);
  try {
    publicKeyOf(key);
  } catch (error) {
    throw bundleError(`expected a public key in keys[${index}], got something else`, error);
  }
  into.set(key.kid, key);
}

function publicKeyOf(key: Json): ReturnType<typeof createPublicKey> {
  return createPublicKey({ key: { ...key }, format: 'jwk' });
}

function countOf(document: Json, member: string): number | undefined {
  const value = document[member];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw bundleError(`expected "${member}" to be a whole number, got ${JSON.stringify(value)}`);
  return value;
}

function countX5c(value: unknown): string {
  return Array.isArray(value) ? String(value.length) : 'none';
}

function distinct(certificates: readonly Certificate[]): readonly Certificate[] {
  return [...new Map(certificates.map((certificate) => [certificate.fingerprint, certificate])).values()];
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bundleError(message: string, cause?: unknown): IdentityError {
  return new IdentityError({ code: 'ERR_IDENTITY_SPIFFE_BUNDLE', blame: 'downstream', message, cause });
}
