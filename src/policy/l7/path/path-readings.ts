import {
  backslashesToSlashes,
  decodeEscapes,
  decodeOverlong,
  escapesAreValid,
  mergeSlashes,
  normalizeEscapes,
  pathOf,
  removeDotSegments,
  stripParameters,
} from './path-text.ts';

/**
 * Every path that some backend may take a request's for: as it stands, in RFC 3986's normal form, decoded once or several
 * times, with backslashes for slashes, repeated slashes for one, without `;parameters`, up to a `?` that was escaped. Who
 * allows must allow all of them, and who denies need to deny one only. Undefined for a path that nobody should read: its
 * escapes are not valid, it hides a NUL, or it is encoded more often than anybody would for a good reason.
 */
export function readingsOf(target: string): readonly string[] | undefined {
  const path = pathOf(target);
  if (PLAIN.test(path)) return [path];
  if (!escapesAreValid(path) || path.includes('\0')) return undefined;
  const readings = new Set<string>([path]);
  addReadings(readings, normalizeEscapes(path));
  let decoded = path;
  for (let times = 0; decoded.includes('%'); times++) {
    const next = decodeEscapes(decoded);
    if (next === decoded) break;
    if (times === MOST_DECODINGS || next.includes('\0')) return undefined;
    addReadings(readings, next);
    const lenient = decodeOverlong(next);
    if (lenient.includes('\0')) return undefined;
    if (lenient !== next) addReadings(readings, lenient);
    decoded = next;
  }
  if (decoded === path) addReadings(readings, path);
  return [...readings];
}

function addReadings(readings: Set<string>, text: string): void {
  for (const path of new Set([text, pathOf(text)])) {
    const slashes = backslashesToSlashes(path);
    readings.add(removeDotSegments(path));
    readings.add(removeDotSegments(mergeSlashes(slashes)));
    readings.add(mergeSlashes(removeDotSegments(slashes)));
    const bare = stripParameters(slashes);
    if (bare === slashes) continue;
    readings.add(removeDotSegments(bare));
    readings.add(removeDotSegments(mergeSlashes(bare)));
    readings.add(mergeSlashes(removeDotSegments(bare)));
  }
}

/** Nothing in it can be read in two ways: no escape, backslash, parameter, empty segment, or segment that starts with a dot. */
const PLAIN = /^(?:\/[A-Za-z0-9_~!$&'()*+,=:@-][A-Za-z0-9._~!$&'()*+,=:@-]*)*\/?$/;
const MOST_DECODINGS = 4;
