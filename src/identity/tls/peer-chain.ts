import type { PeerCertificate } from 'node:tls';

/** The certificates of Node's linked list, leaf first. A root refers to itself and ends it. */
export function chainOf(leaf: PeerCertificate): readonly Uint8Array[] {
  return certificatesOf(leaf).map(({ raw }) => raw);
}

/** The same, as Node describes them; empty when there are none, or none any more. */
export function certificatesOf(leaf: PeerCertificate): readonly PeerCertificate[] {
  const chain: PeerCertificate[] = [];
  let current: PeerCertificate | undefined = leaf;
  while (current?.raw !== undefined && chain.length < LONGEST_CHAIN) {
    chain.push(current);
    const next: PeerCertificate | undefined = 'issuerCertificate' in current ? issuerOf(current) : undefined;
    if (next === current) break;
    current = next;
  }
  return chain;
}

function issuerOf(certificate: PeerCertificate): PeerCertificate | undefined {
  const { issuerCertificate } = certificate as { issuerCertificate?: PeerCertificate };
  return issuerCertificate;
}

const LONGEST_CHAIN = 10;
