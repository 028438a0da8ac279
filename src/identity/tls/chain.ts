import type { Certificate } from '../certificates/index.ts';
import { IdentityError, type IdentityErrorCode } from '../errors.ts';

/** A way from a leaf to a root: the leaf first, then intermediates; the root is not part of it. */
export interface CertificatePath {
  readonly certificates: readonly Certificate[];
  readonly root: Certificate;
}

/** What a search for a path is given. */
export interface ChainOptions {
  readonly leaf: Certificate;
  /** Whatever else the peer sent, in any order; what does not fit is ignored. */
  readonly others: readonly Certificate[];
  readonly roots: readonly Certificate[];
  readonly nowMs: number;
}

/**
 * Finds a valid path to one of the roots, trying every way where several certificates carry the same name (a root
 * rotation's cross-certificate and the root itself, say).
 * @throws IdentityError with the reason of the way that came furthest.
 */
export function findPath(options: ChainOptions): CertificatePath {
  const { leaf } = options;
  checkUsable(leaf, options.nowMs);
  const search = { ...options, failure: undefined, stepsLeft: MOST_STEPS };
  const path = extendPath([leaf], search);
  if (path !== undefined) return path;
  throw search.failure ?? untrusted(leaf, options);
}

interface Search extends ChainOptions {
  /** Why a way that did connect was not taken; more telling than that nothing else connects. */
  failure: IdentityError | undefined;
  stepsLeft: number;
}

function extendPath(path: readonly Certificate[], search: Search): CertificatePath | undefined {
  const last = path[path.length - 1];
  if (last === undefined) return undefined;
  for (const root of search.roots) {
    if (connects(last, root, path, search)) return { certificates: path, root };
  }
  if (path.length > MOST_INTERMEDIATES) return undefined;
  for (const candidate of search.others) {
    if (path.includes(candidate) || !connects(last, candidate, path, search)) continue;
    const found = extendPath([...path, candidate], search);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether `issuer` issued `subject` and may have done so. Each signature check counts, so that none can be asked for without end. */
function connects(
  subject: Certificate,
  issuer: Certificate,
  path: readonly Certificate[],
  search: Search,
): boolean {
  if (subject.issuer !== issuer.subject) return false;
  if (search.stepsLeft === 0) return false;
  search.stepsLeft -= 1;
  if (!subject.isSignedBy(issuer)) return false;
  try {
    checkUsable(issuer, search.nowMs);
    checkIssuer(issuer, path.length - 1);
    return true;
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error;
    search.failure ??= error;
    return false;
  }
}

/** Of any certificate on a path: in time, and nothing critical that was not understood (RFC 5280 §6.1.3). */
function checkUsable(certificate: Certificate, nowMs: number): void {
  if (nowMs < certificate.notBeforeMs) {
    throw peerError(
      'ERR_IDENTITY_PEER_NOT_YET_VALID',
      `expected a certificate valid at ${isoTime(nowMs)}, got ${subjectOf(certificate)} valid from ${isoTime(certificate.notBeforeMs)}`,
    );
  }
  if (nowMs > certificate.notAfterMs) {
    throw peerError(
      'ERR_IDENTITY_PEER_EXPIRED',
      `expected a certificate valid at ${isoTime(nowMs)}, got ${subjectOf(certificate)} valid until ${isoTime(certificate.notAfterMs)}`,
    );
  }
  if (certificate.unknownCritical.length > 0) {
    throw peerError(
      'ERR_IDENTITY_PEER_USAGE',
      `expected no critical extension unknown to us, got ${certificate.unknownCritical.join(', ')} in ${subjectOf(certificate)}`,
    );
  }
}

/** RFC 5280 §6.1.4 (k), (l), (n): an issuer is a CA, has room below it, and may sign certificates. */
function checkIssuer(issuer: Certificate, intermediatesBelow: number): void {
  if (!issuer.isCa)
    throw peerError(
      'ERR_IDENTITY_PEER_USAGE',
      `expected a CA as issuer, got ${subjectOf(issuer)} with cA false`,
    );
  if (issuer.pathLength !== undefined && intermediatesBelow > issuer.pathLength) {
    throw peerError(
      'ERR_IDENTITY_PEER_USAGE',
      `expected at most ${issuer.pathLength} intermediates below ${subjectOf(issuer)}, got ${intermediatesBelow}`,
    );
  }
  if (issuer.keyUsage !== undefined && !issuer.keyUsage.certSign) {
    throw peerError(
      'ERR_IDENTITY_PEER_USAGE',
      `expected key usage keyCertSign in an issuer, got ${subjectOf(issuer)} without it`,
    );
  }
}

function untrusted(leaf: Certificate, options: ChainOptions): IdentityError {
  const expected = `expected a chain to one of ${options.roots.length} trusted roots`;
  const selfSigned = [leaf, ...options.others].find(
    (one) => one.subject === one.issuer && one.isSignedBy(one),
  );
  if (selfSigned !== undefined) {
    return peerError(
      'ERR_IDENTITY_PEER_SELF_SIGNED',
      `${expected}, got self-signed ${subjectOf(selfSigned)}`,
    );
  }
  return peerError(
    'ERR_IDENTITY_PEER_UNTRUSTED',
    `${expected}, got ${subjectOf(leaf)} issued by ${JSON.stringify(oneLine(leaf.issuer))} and ${options.others.length} others`,
  );
}

/** How a certificate is called in messages: by what it says it is. */
export function subjectOf(certificate: Certificate): string {
  const [uri] = certificate.uriSans;
  return JSON.stringify(
    uri?.slice(0, 300) ?? (oneLine(certificate.subject) || `serial ${certificate.serial}`),
  );
}

/** An error about the peer of a connection. */
export function peerError(code: IdentityErrorCode, message: string, cause?: unknown): IdentityError {
  return new IdentityError({ code, blame: 'upstream', message, cause });
}

function oneLine(name: string): string {
  return name.replaceAll('\n', ', ').slice(0, 300);
}

function isoTime(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : String(ms);
}

const MOST_INTERMEDIATES = 6;
/** Signature checks that one verification may cost. */
const MOST_STEPS = 32;
