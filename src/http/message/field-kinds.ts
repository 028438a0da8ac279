/**
 * Fields that belong to one connection or to the framing of one message (RFC 9110 §7.6.1, §6.4): read where a message comes in,
 * written anew where it goes out, and never part of the fields in between.
 */
export const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/** RFC 9110 §6.5.1: what must not come behind a body, since it was needed before: framing, routing, authentication, modifiers. */
export function isForbiddenTrailer(lowerName: string): boolean {
  return CONNECTION_FIELDS.has(lowerName) || FORBIDDEN_TRAILERS.has(lowerName);
}

const FORBIDDEN_TRAILERS: ReadonlySet<string> = new Set([
  'age',
  'authorization',
  'cache-control',
  'content-encoding',
  'content-range',
  'content-type',
  'cookie',
  'date',
  'expires',
  'forwarded',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'location',
  'max-forwards',
  'pragma',
  'proxy-authenticate',
  'proxy-authorization',
  'range',
  'retry-after',
  'set-cookie',
  'trailer',
  'vary',
  'warning',
  'www-authenticate',
  'x-forwarded-client-cert',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
]);
