/** The part of a target before its query; a fragment, which has no business there, is cut off as well. */
export function pathOf(target: string): string {
  const end = target.search(/[?#]/);
  return end === -1 ? target : target.slice(0, end);
}

/** RFC 3986 §5.2.4, without the input of relative references: what comes out always starts with `/`. */
export function removeDotSegments(path: string): string {
  if (!path.includes('/.')) return path;
  const kept: string[] = [];
  const segments = path.split('/').slice(1);
  for (const segment of segments) {
    if (segment === '..') kept.pop();
    else if (segment !== '.') kept.push(segment);
  }
  const last = segments.at(-1);
  const directory = last === '.' || last === '..' ? '/' : '';
  const joined = `/${kept.join('/')}`;
  return joined.endsWith('/') ? joined : `${joined}${directory}`;
}

/** Several slashes in a row are one, as most servers read them. */
export function mergeSlashes(path: string): string {
  return path.includes('//') ? path.replaceAll(/\/{2,}/g, '/') : path;
}

/** As browsers and servers of Windows' kind read them; only `\` as it stands, not its escape. */
export function backslashesToSlashes(path: string): string {
  return path.replaceAll('\\', '/');
}

/** Segments without what follows their first `;`, as servers of Java's kind read them. */
export function stripParameters(path: string): string {
  return path.includes(';') ? path.replaceAll(/;[^/]*/g, '') : path;
}

/** Every `%` is followed by two hex digits (RFC 3986 §2.1). */
export function escapesAreValid(path: string): boolean {
  return !BAD_ESCAPE.test(path);
}

/** RFC 3986 §6.2.2: escapes of unreserved characters are those characters, hex digits of the others are upper case. */
export function normalizeEscapes(path: string): string {
  if (!path.includes('%')) return path;
  return path.replaceAll(ESCAPE, (written, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return UNRESERVED.test(character) ? character : written.toUpperCase();
  });
}

/** All escapes at once, each byte one character. What only looks like an escape stays. */
export function decodeEscapes(path: string): string {
  return path.replaceAll(ESCAPE, (_written, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** UTF-8 forbids to write ASCII in two bytes; decoders that allow it read `%C0%AF` as a slash. */
export function decodeOverlong(path: string): string {
  return path.replaceAll(OVERLONG, (pair) =>
    String.fromCharCode(((pair.charCodeAt(0) & 0x1f) << 6) | (pair.charCodeAt(1) & 0x3f)),
  );
}

const ESCAPE = /%([0-9a-f]{2})/gi;
const BAD_ESCAPE = /%(?![0-9a-f]{2})/i;
const UNRESERVED = /[A-Za-z0-9._~-]/;
const OVERLONG = /[\xc0\xc1][\x80-\xbf]/g;
