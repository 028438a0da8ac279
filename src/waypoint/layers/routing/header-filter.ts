import type { HeaderList } from '../../../http/index.ts';
import type { HeaderFilter } from '../../../model/index.ts';

/**
 * Changes fields in place: set, then add, then remove. Fields that frame the message or belong to one connection, and the one
 * that tells who the client is, are not a route's to change and are passed over, and so are those of `kept` (in lower case).
 */
export function applyHeaderFilter(
  headers: HeaderList,
  filter: HeaderFilter,
  kept: ReadonlySet<string> = NOTHING,
): void {
  const isFree = (name: string): boolean => isChangeable(name) && !kept.has(name.toLowerCase());
  for (const { name, value } of filter.set) if (isFree(name)) headers.set(name, value);
  for (const { name, value } of filter.add) if (isFree(name)) headers.add(name, value);
  for (const name of filter.remove) if (isFree(name)) headers.remove(name.toLowerCase());
}

/** The new Host that a filter sets; messages carry it beside their fields. */
export function hostSetBy(filter: HeaderFilter): string | undefined {
  const host = filter.set.find(({ name }) => name.toLowerCase() === 'host')?.value;
  return host === '' ? undefined : host;
}

function isChangeable(name: string): boolean {
  return !PROTECTED.has(name.toLowerCase()) && !name.startsWith(':');
}

const NOTHING: ReadonlySet<string> = new Set();
// RFC 9110 §7.6.1 and §8.6, RFC 9112 §6.1, and the identity that the mesh has verified.
const PROTECTED: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-forwarded-client-cert',
]);
