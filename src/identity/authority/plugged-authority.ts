import { createHash } from 'node:crypto';
import {
  type Certificate,
  parsePemCertificates,
  readCertificate,
  readSignerKeys,
} from '../certificates/index.ts';
import { IdentityError } from '../errors.ts';

/** An authority that was made elsewhere, as texts. */
export interface AuthorityMaterial {
  /** The certificate that is to sign, perhaps with what stands between it and the root behind it; PEM. */
  readonly certificatePem: string;
  /** Its key, PEM, not encrypted. */
  readonly keyPem: string;
  /** Further certificates on the way to the root; PEM, may be empty. */
  readonly chainPem: string;
  /** One or more roots; PEM. */
  readonly rootsPem: string;
}

/** Read and checked. */
export interface PluggedAuthority {
  /** Of the certificate that signs. */
  readonly fingerprint: string;
  readonly certificate: Certificate;
  readonly keyPem: string;
  /** The intermediates above it, the nearest first. */
  readonly chain: readonly Certificate[];
  readonly root: Certificate;
}

/**
 * Reads an authority that was handed in and checks that certificates under it would be accepted: the key fits, every
 * certificate up to the root is a CA's in force, signatures and names lead to the root, and there is room below.
 * @throws IdentityError ERR_IDENTITY_PLUGGED that says what is wrong.
 */
export async function readPluggedAuthority(
  material: AuthorityMaterial,
  nowMs: number,
): Promise<PluggedAuthority> {
  const [certificate, ...behind] = read('the signing certificate', material.certificatePem);
  if (certificate === undefined) throw pluggedError('expected a signing certificate, got none');
  const between = material.chainPem.trim() === '' ? [] : read('the chain', material.chainPem);
  const roots = read('the root', material.rootsPem);
  const path = pathTo(roots, certificate, [...behind, ...between]);
  for (const [below, one] of path.entries()) checkSigner(one, { below, nowMs });
  await readSignerKeys(certificate, material.keyPem).catch((cause: unknown) => {
    throw pluggedError('expected the key of the signing certificate', cause);
  });
  const root = path.at(-1) ?? certificate;
  return {
    fingerprint: certificate.fingerprint,
    certificate,
    keyPem: material.keyPem,
    chain: path.slice(1, -1),
    root,
  };
}

/** Tells one handed-in authority from another without reading it. */
export function materialFingerprint(material: AuthorityMaterial): string {
  const { certificatePem, keyPem, chainPem, rootsPem } = material;
  return createHash('sha256')
    .update(JSON.stringify([certificatePem, keyPem, chainPem, rootsPem]))
    .digest('hex')
    .slice(0, 32);
}

/** The signing certificate first, a root last; the same twice when it is a root itself. */
function pathTo(
  roots: readonly Certificate[],
  certificate: Certificate,
  others: readonly Certificate[],
): readonly Certificate[] {
  const path = [certificate];
  for (let last = certificate; path.length <= MOST_CERTIFICATES; ) {
    const current = last;
    if (roots.some(({ fingerprint }) => fingerprint === current.fingerprint)) return path;
    const issuer = [...roots, ...others].find((one) => !path.includes(one) && issued(one, current));
    if (issuer === undefined) break;
    path.push(issuer);
    last = issuer;
  }
  throw pluggedError(
    `expected a chain from ${nameOf(certificate)} to one of ${roots.length} roots, got none that leads there`,
  );
}

function issued(issuer: Certificate, subject: Certificate): boolean {
  return subject.issuer === issuer.subject && subject.isSignedBy(issuer);
}

function checkSigner(one: Certificate, place: { readonly below: number; readonly nowMs: number }): void {
  const wrong = (expected: string, got: string): IdentityError =>
    pluggedError(`expected ${expected}, got ${nameOf(one)} ${got}`);
  if (!one.isCa) throw wrong('certificates of authorities (basicConstraints CA)', 'without that');
  if (one.keyUsage?.certSign === false) throw wrong('key usage keyCertSign', 'without it');
  if (one.pathLength !== undefined && one.pathLength < place.below)
    throw wrong(`room for ${place.below} authorities below`, `with a path length of ${one.pathLength}`);
  if (place.nowMs < one.notBeforeMs)
    throw wrong('certificates in force', `valid from ${iso(one.notBeforeMs)}`);
  if (place.nowMs >= one.notAfterMs)
    throw wrong('certificates in force', `that ended ${iso(one.notAfterMs)}`);
}

function read(what: string, pem: string): readonly Certificate[] {
  try {
    return parsePemCertificates(pem).map(readCertificate);
  } catch (cause) {
    throw pluggedError(`expected ${what} in PEM`, cause);
  }
}

function nameOf({ subject, serial }: Certificate): string {
  return JSON.stringify(subject.replaceAll('\n', ', ').slice(0, 200) || `serial ${serial}`);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function pluggedError(message: string, cause?: unknown): IdentityError {
  return new IdentityError({
    code: 'ERR_IDENTITY_PLUGGED',
    blame: 'local',
    message,
    hint: 'the certificates that are in use stay in use; put one in place that fits',
    cause,
  });
}

/** From leaf's issuer to root. */
const MOST_CERTIFICATES = 6;
