import { createHash } from 'node:crypto';
import type { TrustBundle } from '../../model/index.ts';
import { type Certificate, readPemCertificate } from './certificate.ts';

/**
 * A bundle whose version is that of its content. The order of the roots is part of it: the first is the one that
 * signs now, and whoever holds a certificate under another renews it.
 */
export function createTrustBundle(content: Omit<TrustBundle, 'version'>): TrustBundle {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([content.trustDomain, content.rootsPem, content.crlsPem]));
  return { ...content, version: hash.digest('hex').slice(0, 32) };
}

/**
 * The roots of a bundle, read once for all who ask.
 * @throws IdentityError ERR_IDENTITY_PEM, ERR_IDENTITY_CERTIFICATE.
 */
export function rootsOf(bundle: TrustBundle): readonly Certificate[] {
  const known = READ_ROOTS.get(bundle);
  if (known !== undefined) return known;
  const roots = bundle.rootsPem.map(readPemCertificate);
  READ_ROOTS.set(bundle, roots);
  return roots;
}

const READ_ROOTS = new WeakMap<TrustBundle, readonly Certificate[]>();
