import { createHash } from 'node:crypto';
import type { TrustBundle } from '../../model/index.ts';

/**
 * A bundle whose version is that of its content. The order of the roots is part of it: the first is the one that
 * signs now, and whoever holds a certificate under another renews it.
 */
export function createTrustBundle(content: Omit<TrustBundle, 'version'>): TrustBundle {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([content.trustDomain, content.rootsPem, content.crlsPem]));
  return { ...content, version: hash.digest('hex').slice(0, 32) };
}
