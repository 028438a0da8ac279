/**
 * An address that people may be led to by a link, in its normal form; undefined for what is not one of `http:` or `https:`, names
 * a user, or is longer than 2,000 characters.
 */
export function parseWebAddress(text: string): string | undefined {
  if (text.length > LONGEST) return undefined;
  const url = URL.parse(text);
  if (url === null || !PROTOCOLS.includes(url.protocol) || url.username !== '') return undefined;
  return url.href;
}

const LONGEST = 2_000;
const PROTOCOLS: readonly string[] = ['http:', 'https:'];
