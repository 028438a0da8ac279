import type { Certificate, RevocationList } from '../certificates/index.ts';
import { type CertificatePath, subjectOf, peerError } from './chain.ts';

/**
 * Checks every certificate below the root against the lists of its issuer. Without any list nothing is checked; with
 * some, a leaf that no current list covers is refused: unknown is not good. So is an intermediate, if its issuer has lists.
 * @returns until when the answer holds, in milliseconds since the epoch.
 * @throws IdentityError ERR_IDENTITY_PEER_REVOKED, ERR_IDENTITY_PEER_REVOCATION_UNKNOWN.
 */
export function checkRevocation(path: CertificatePath, lists: RevocationIndex, nowMs: number): number {
  if (lists.size === 0) return Number.POSITIVE_INFINITY;
  let untilMs = Number.POSITIVE_INFINITY;
  for (const [index, certificate] of path.certificates.entries()) {
    const issuer = path.certificates[index + 1] ?? path.root;
    const issued = lists.issuedBy(issuer);
    // An authority that was handed in has issuers whose keys, and lists, are elsewhere. Leaves are always under one of ours.
    if (index > 0 && issued.length === 0) continue;
    const current = issued.filter((list) => list.thisUpdateMs <= nowMs && nowMs <= list.nextUpdateMs);
    if (current.length === 0) {
      throw peerError(
        'ERR_IDENTITY_PEER_REVOCATION_UNKNOWN',
        `expected a current revocation list of the issuer of ${subjectOf(certificate)}, got none`,
      );
    }
    if (current.some((list) => list.serials.has(certificate.serial))) {
      throw peerError(
        'ERR_IDENTITY_PEER_REVOKED',
        `expected a certificate in force, got ${subjectOf(certificate)} with revoked serial ${certificate.serial}`,
      );
    }
    untilMs = Math.min(untilMs, ...current.map((list) => list.nextUpdateMs));
  }
  return untilMs;
}

/** The lists by issuer; which key signed a list is found out once per issuer. */
export interface RevocationIndex {
  readonly size: number;
  /** Whether any list has this serial, whoever signed it and however old it is. */
  names(serial: string): boolean;
  issuedBy(issuer: Certificate): readonly RevocationList[];
}

/** One per bundle. */
export function createRevocationIndex(lists: readonly RevocationList[]): RevocationIndex {
  const byIssuer = new Map<string, readonly RevocationList[]>();
  return {
    size: lists.length,
    names: (serial) => lists.some((list) => list.serials.has(serial)),
    issuedBy(issuer) {
      const known = byIssuer.get(issuer.fingerprint);
      if (known !== undefined) return known;
      const found = lists.filter((list) => list.isSignedBy(issuer));
      byIssuer.set(issuer.fingerprint, found);
      return found;
    },
  };
}
