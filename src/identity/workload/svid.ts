import { createPrivateKey } from 'node:crypto';
import type { TrustBundle, WorkloadIdentity } from '../../model/index.ts';
import {
  type Certificate,
  createTrustBundle,
  parsePemCertificates,
  readCertificate,
  rootsOf,
} from '../certificates/index.ts';
import { IdentityError, type IdentityErrorCode } from '../errors.ts';
import {
  createTlsIdentity,
  findPath,
  identityOf,
  type PeerVerifier,
  type TlsIdentity,
} from '../tls/index.ts';

/** A workload's certificate in use. A renewal, and a new trust bundle, make a new one; this one never changes. */
export interface Svid {
  readonly identity: WorkloadIdentity;
  /** Leaf, then intermediates, one PEM each. */
  readonly chainPem: readonly string[];
  /** What peers of this SVID are checked against. */
  readonly rootsPem: readonly string[];
  /** Upper-case hex. */
  readonly serial: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly receivedAtMs: number;
  /** Not enumerable: it can reach the private key, which must not get into a log or a dump. */
  readonly tls: TlsIdentity;
}

/** The parts of an SVID that are kept and saved; everything else follows from them. */
export interface SvidMaterial {
  readonly identity: WorkloadIdentity;
  readonly privateKeyPem: string;
  readonly leaf: Certificate;
  readonly intermediates: readonly Certificate[];
  /** What the authority named as roots when it issued. */
  readonly issuedRootsPem: readonly string[];
  readonly receivedAtMs: number;
}

/**
 * Checks an authority's answer against what was asked: the key, the identity, the time, and that the chain holds
 * together up to one of the roots it named or we know.
 * @throws IdentityError ERR_IDENTITY_ISSUED.
 */
export function acceptIssued(options: {
  readonly chainPem: readonly string[];
  readonly identity: WorkloadIdentity;
  readonly privateKeyPem: string;
  readonly knownRoots: readonly Certificate[];
  readonly nowMs: number;
}): SvidMaterial {
  const { identity, nowMs } = options;
  try {
    // wire.md §2.8: any element but the leaf's may hold several certificates; the last one's are the roots.
    const [first, ...rest] = options.chainPem;
    const last = rest.pop();
    if (first === undefined || last === undefined)
      throw issuedError(`expected a leaf and roots, got ${options.chainPem.length} elements`);
    const [leaf, ...concatenated] = [...parsePemCertificates(first)].map(readCertificate);
    if (leaf === undefined) throw issuedError('expected a leaf, got none');
    const intermediates = [...concatenated, ...rest.flatMap(parsePemCertificates).map(readCertificate)];
    const roots = parsePemCertificates(last).map(readCertificate);
    if (!leaf.matchesPrivateKey(createPrivateKey(options.privateKeyPem)))
      throw issuedError('expected a certificate of the key in the request, got one of another');
    const got = identityOf(leaf);
    if (got.id !== identity.id)
      throw issuedError(`expected a certificate of ${identity.id}, got one of ${got.id}`);
    findPath({ leaf, others: intermediates, roots: [...roots, ...options.knownRoots], nowMs });
    const issuedRootsPem = roots.map((root) => root.pem);
    const { privateKeyPem } = options;
    return { identity, privateKeyPem, leaf, intermediates, issuedRootsPem, receivedAtMs: nowMs };
  } catch (error) {
    if (error instanceof IdentityError && error.code === 'ERR_IDENTITY_ISSUED') throw error;
    throw issuedError(`expected a valid certificate of ${identity.id}, got one that cannot be used`, error);
  }
}

/** The verifier is shared by all SVIDs of one bundle. */
export function createSvid(material: SvidMaterial, verifier: PeerVerifier): Svid {
  const { leaf, intermediates } = material;
  const chainPem = [leaf, ...intermediates].map((certificate) => certificate.pem);
  const svid = {
    identity: material.identity,
    chainPem,
    rootsPem: verifier.bundle.rootsPem,
    serial: leaf.serial,
    notBeforeMs: leaf.notBeforeMs,
    notAfterMs: leaf.notAfterMs,
    receivedAtMs: material.receivedAtMs,
  };
  const tls = createTlsIdentity({
    certificatePem: chainPem.join(''),
    privateKeyPem: material.privateKeyPem,
    verifier,
  });
  return Object.defineProperty({ ...svid, tls }, 'tls', { enumerable: false });
}

/** For as long as no bundle was received: what the authority named when it issued. */
export function bundleOfIssued(material: SvidMaterial): TrustBundle {
  const { trustDomain } = material.identity;
  return createTrustBundle({ trustDomain, rootsPem: material.issuedRootsPem, crlsPem: [] });
}

/**
 * How a certificate stands to a bundle: `active` leads to its first root, the one that signs now; `trusted` only to
 * another of them, so that it should be renewed soon; `untrusted` to none.
 */
export function standingOf(
  material: SvidMaterial,
  bundle: TrustBundle,
  nowMs: number,
): 'active' | 'trusted' | 'untrusted' {
  const [first, ...others] = rootsOf(bundle);
  const { leaf, intermediates } = material;
  const leadsTo = (roots: readonly Certificate[]): boolean => {
    try {
      // A cross-certificate also leads to the root before: that is no reason to stay.
      findPath({ leaf, others: intermediates.filter((one) => !isRootKey(one, first)), roots, nowMs });
      return true;
    } catch (error) {
      if (error instanceof IdentityError) return false;
      throw error;
    }
  };
  if (first !== undefined && leadsTo([first])) return 'active';
  return leadsTo(others) ? 'trusted' : 'untrusted';
}

function isRootKey(certificate: Certificate, root: Certificate | undefined): boolean {
  return root !== undefined && certificate.publicKey.equals(root.publicKey);
}

function issuedError(message: string, cause?: unknown): IdentityError {
  const isOfTime = cause instanceof IdentityError && TIME_CODES.includes(cause.code);
  const hint = isOfTime ? CLOCKS_DIFFER : undefined;
  return new IdentityError({ code: 'ERR_IDENTITY_ISSUED', blame: 'upstream', message, hint, cause });
}

const TIME_CODES: readonly IdentityErrorCode[] = [
  'ERR_IDENTITY_PEER_NOT_YET_VALID',
  'ERR_IDENTITY_PEER_EXPIRED',
];
const CLOCKS_DIFFER =
  "this machine's clock and the authority's differ by more than two minutes: synchronize both with NTP";
