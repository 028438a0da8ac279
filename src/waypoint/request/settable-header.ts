/**
 * True for a header that configuration or an authorizer may set or take away on a message: not those that belong to one
 * connection or to the form of the message, of which HTTP itself keeps track.
 */
export function isSettableHeader(lowerName: string): boolean {
  return TOKEN.test(lowerName) && !OWN.has(lowerName);
}

/** RFC 9110 §5.1, so that no pseudo-header is one. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const OWN: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'content-length',
  'te',
  'trailer',
  'upgrade',
  'expect',
]);
