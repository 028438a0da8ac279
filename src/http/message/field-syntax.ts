/** RFC 9110 §5.6.2: what methods and field names are made of. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** RFC 9110 §5.5: visible characters, space, tab and obs-text; no other control character. */
export function isFieldValue(text: string): boolean {
  return !NOT_IN_VALUE.test(text);
}

/**
 * Host, or :authority: a name or an address with or without a port (RFC 3986 §3.2), never with userinfo. Narrower than
 * the RFC, since routes and policies compare it: what may stand in a host name in DNS, and addresses.
 */
export function isAuthority(text: string): boolean {
  return AUTHORITY.test(text);
}

/** Path and query, or `*`: printable ASCII without a fragment (RFC 9112 §3.2). */
export function isTarget(text: string): boolean {
  return TARGET.test(text);
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
const AUTHORITY =
  /^(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::(?!0)(?:\d{1,4}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5]))?$/;
const TARGET = /^(?:\/[!"$-~]*|\*)$/;
