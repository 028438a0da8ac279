import { createHash } from 'node:crypto';
import { parseSpiffeId, type SpiffeId, type TrustBundle, type WorkloadIdentity } from '../../model/index.ts';
import { type Certificate, readCertificate, readRevocationList, rootsOf } from '../certificates/index.ts';
import { IdentityError } from '../errors.ts';
import { findPath, subjectOf, peerError } from './chain.ts';
import { checkRevocation, createRevocationIndex } from './revocation.ts';

/** Whom a connection may be with: anybody of a trust domain, or one of some workloads. */
export type PeerExpectation =
  | { readonly trustDomain: string }
  | { readonly identities: ReadonlySet<SpiffeId> };

/** Judges certificates against one trust bundle. Pure but for a memory of leaves it has judged before. */
export interface PeerVerifier {
  readonly bundle: TrustBundle;
  /**
   * Who the peer is, by the DER certificates it sent, leaf first.
   * @throws IdentityError ERR_IDENTITY_PEER_…, with what was expected and what was got.
   */
  verify(chain: readonly Uint8Array[], expected: PeerExpectation, nowMs: number): WorkloadIdentity;
  /**
   * Whether a list of the bundle names this serial. Unlike `verify` it also knows certificates that have expired, and
   * those under roots that are trusted no more: their sessions may live on, so they must still be found.
   */
  isRevoked(serial: string): boolean;
  /** From the newest beginning to the earliest end of the bundle's lists; undefined when it has none. */
  readonly revocationPeriod: RevocationPeriod | undefined;
}

/** When lists are good, in milliseconds since the epoch. */
export interface RevocationPeriod {
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * Reads roots and lists once, so that a connection costs little; make a new one when the bundle changes.
 * @throws IdentityError when a root or a list of the bundle cannot be read.
 */
export function createPeerVerifier(bundle: TrustBundle): PeerVerifier {
  const roots = rootsOf(bundle);
  const read = bundle.crlsPem.map(readRevocationList);
  const lists = createRevocationIndex(read);
  // Sessions to one peer come again and again with the same leaf: signatures need checking once in its life.
  const proven = new Map<string, ProvenLeaf>();

  const prove = (chain: readonly Uint8Array[], nowMs: number): ProvenLeaf => {
    const [leaf, ...others] = readChain(chain);
    if (leaf === undefined) throw noCertificate();
    const path = findPath({ leaf, others, roots, nowMs });
    const identity = identityOf(leaf);
    checkTrustDomain(identity, bundle.trustDomain);
    const revocationUntilMs = checkRevocation(path, lists, nowMs);
    const all = [...path.certificates, path.root];
    return {
      identity,
      fromMs: Math.max(...all.map((certificate) => certificate.notBeforeMs)),
      untilMs: Math.min(revocationUntilMs, ...all.map((certificate) => certificate.notAfterMs)),
    };
  };

  return {
    bundle,
    verify(chain, expected, nowMs) {
      const [leafDer] = chain;
      if (leafDer === undefined) throw noCertificate();
      const key = createHash('sha256').update(leafDer).digest('base64');
      let known = proven.get(key);
      if (known === undefined || nowMs < known.fromMs || nowMs > known.untilMs) {
        proven.delete(key);
        known = prove(chain, nowMs);
        remember(proven, key, known);
      }
      checkExpectation(known.identity, expected);
      return known.identity;
    },
    isRevoked: lists.names,
    revocationPeriod:
      read.length === 0
        ? undefined
        : {
            fromMs: Math.max(...read.map((list) => list.thisUpdateMs)),
            untilMs: Math.min(...read.map((list) => list.nextUpdateMs)),
          },
  };
}

/** One verification without a memory; for whoever has one chain and one bundle. */
export function verifyPeer(options: {
  readonly chain: readonly Uint8Array[];
  readonly expected: PeerExpectation;
  readonly bundle: TrustBundle;
  readonly nowMs: number;
}): WorkloadIdentity {
  return createPeerVerifier(options.bundle).verify(options.chain, options.expected, options.nowMs);
}

/**
 * The one workload identity of a leaf, after X509-SVID §2–4: not a CA, usable for signatures, one URI.
 * @throws IdentityError ERR_IDENTITY_PEER_USAGE, ERR_IDENTITY_PEER_SAN.
 */
export function identityOf(leaf: Certificate): WorkloadIdentity {
  if (leaf.isCa)
    throw peerError('ERR_IDENTITY_PEER_USAGE', `expected a workload's leaf, got the CA ${subjectOf(leaf)}`);
  const usage = leaf.keyUsage;
  if (usage === undefined || !usage.digitalSignature || usage.certSign || usage.crlSign) {
    throw peerError(
      'ERR_IDENTITY_PEER_USAGE',
      `expected key usage digitalSignature without keyCertSign and cRLSign, got another in ${subjectOf(leaf)}`,
    );
  }
  // X509-SVID §4.4: where present, both ends of TLS must be listed.
  const extended = leaf.extendedKeyUsage;
  if (extended !== undefined && !(extended.includes(SERVER_AUTH) && extended.includes(CLIENT_AUTH))) {
    throw peerError(
      'ERR_IDENTITY_PEER_USAGE',
      `expected extended key usage for TLS server and client, got ${extended.join(', ')} in ${subjectOf(leaf)}`,
    );
  }
  const [uri, ...others] = leaf.uriSans;
  if (uri === undefined || others.length > 0) {
    throw peerError(
      'ERR_IDENTITY_PEER_SAN',
      `expected exactly one URI SAN, got ${leaf.uriSans.length === 0 ? 'none' : leaf.uriSans.join(', ').slice(0, 600)}`,
    );
  }
  try {
    return parseSpiffeId(uri);
  } catch (error) {
    throw peerError(
      'ERR_IDENTITY_PEER_SAN',
      `expected a workload identity as URI SAN, got ${subjectOf(leaf)}`,
      error,
    );
  }
}

interface ProvenLeaf {
  readonly identity: WorkloadIdentity;
  readonly fromMs: number;
  readonly untilMs: number;
}

function readChain(chain: readonly Uint8Array[]): readonly Certificate[] {
  if (chain.length > LONGEST_CHAIN) {
    throw peerError(
      'ERR_IDENTITY_PEER_MALFORMED',
      `expected at most ${LONGEST_CHAIN} certificates, got ${chain.length}`,
    );
  }
  try {
    return chain.map(readCertificate);
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error;
    throw peerError(
      'ERR_IDENTITY_PEER_MALFORMED',
      'expected readable certificates, got a damaged one',
      error,
    );
  }
}

function checkTrustDomain(identity: WorkloadIdentity, trustDomain: string): void {
  if (identity.trustDomain === trustDomain) return;
  throw peerError(
    'ERR_IDENTITY_PEER_TRUST_DOMAIN',
    `expected a peer of trust domain ${trustDomain}, got ${identity.id}`,
  );
}

function checkExpectation(identity: WorkloadIdentity, expected: PeerExpectation): void {
  if ('trustDomain' in expected) {
    checkTrustDomain(identity, expected.trustDomain);
    return;
  }
  if (expected.identities.has(identity.id)) return;
  const wanted = [...expected.identities].slice(0, 5).join(' or ') || 'nobody';
  throw peerError('ERR_IDENTITY_PEER_UNEXPECTED', `expected ${wanted}, got ${identity.id}`);
}

function remember(proven: Map<string, ProvenLeaf>, key: string, leaf: ProvenLeaf): void {
  if (proven.size >= MOST_PROVEN) {
    const [oldest] = proven.keys();
    if (oldest !== undefined) proven.delete(oldest);
  }
  proven.set(key, leaf);
}

function noCertificate(): IdentityError {
  return peerError('ERR_IDENTITY_PEER_NO_CERTIFICATE', 'expected a certificate from the peer, got none');
}

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const LONGEST_CHAIN = 10;
const MOST_PROVEN = 1024;
