import type { PeerCertificate } from 'node:tls';

/** The certificates of Node's linked list, leaf first. A root refers to itself and ends it. */
export function chainOf(leaf: PeerCertificate): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  let current: PeerCertificate | undefined = leaf;
  while (current?.raw !== undefined && chain.length < LONGEST_CHAIN) {
    chain.push(current.raw);
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
