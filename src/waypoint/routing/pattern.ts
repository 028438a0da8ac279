import { RE2JS } from 're2js';
import { WaypointError } from '../errors.ts';

/** A regular expression of a route: RE2, so that no request can make it slow (linear in the text). */
export interface Pattern {
  readonly source: string;
  /** Whether all of the text matches. */
  matches(text: string): boolean;
}

/**
 * Throws a WaypointError where the source is not RE2. What is compiled weighs some 10 KB and is therefore thrown away until
 * a text comes that may match.
 */
export function createPattern(source: string): Pattern {
  compile(source);
  const prefix = literalPrefix(source);
  let compiled: RE2JS | undefined;
  return {
    source,
    matches(text) {
      if (!text.startsWith(prefix)) return false;
      compiled ??= compile(source);
      return compiled.testExact(text);
    },
  };
}

/** What every match of the expression starts with, as far as that can be told without parsing it; may be empty. */
function literalPrefix(source: string): string {
  if (source.includes('|') || source.startsWith('(')) return '';
  let prefix = '';
  for (let index = source.startsWith('^') ? 1 : 0; index < source.length; index++) {
    const escaped = source[index] === '\\';
    const character = source[escaped ? index + 1 : index] ?? '';
    // An escaped letter is a class or an assertion, and outside ASCII one character may be two units.
    if (escaped ? !/[!-/:-@[-`{-~]/.test(character) : !/[\w/~!@%&=:;,'"<>#-]/.test(character)) break;
    if (escaped) index += 1;
    // A quantifier may do without the character.
    if (/[*?{]/.test(source[index + 1] ?? '')) break;
    prefix += character;
  }
  return prefix;
}

function compile(source: string): RE2JS {
  try {
    return RE2JS.compile(source);
  } catch (error) {
    throw new WaypointError({
      code: 'ERR_WAYPOINT_PATTERN',
      blame: 'local',
      message: `expected a regular expression in RE2 syntax, got ${JSON.stringify(source)}`,
      hint: 'RE2 has no look-around and no back references; see https://github.com/google/re2/wiki/Syntax',
      cause: error,
    });
  }
}
