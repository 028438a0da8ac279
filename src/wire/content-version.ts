import { hash } from 'node:crypto';

/** The version of a resource: a digest of its bytes, so that replicas and restarts agree without talking. */
export function contentVersion(bytes: Uint8Array): string {
  // 96 bits: no accident makes two versions of one resource equal, and they are kept per resource by every client.
  return hash('sha1', bytes, 'base64url').slice(0, 16);
}
