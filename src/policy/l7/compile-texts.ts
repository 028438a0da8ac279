import type { StringMatch, Wildcard } from '../../model/index.ts';
import { compileStrings, type StringTest } from '../compile-strings.ts';

/** As `compileStrings`, with `*` anywhere in the text too. */
export function compileTexts(matches: readonly (StringMatch | Wildcard)[]): StringTest {
  const texts = compileStrings(matches.flatMap((match) => (match.kind === 'wildcard' ? [] : [match])));
  const wildcards = matches.flatMap((match) => (match.kind === 'wildcard' ? [match.value.split('*')] : []));
  if (wildcards.length === 0) return texts;
  return (value) => texts?.(value) === true || wildcards.some((parts) => fitsWildcard(value, parts));
}

/** The same, for texts whose case does not count: values must come in lower case. */
export function compileFoldedTexts(matches: readonly StringMatch[]): StringTest {
  return compileStrings(
    matches.map((match) =>
      match.kind === 'presence' ? match : { kind: match.kind, value: match.value.toLowerCase() },
    ),
  );
}

/** `parts` stand between the stars, the first at the beginning and the last at the end. */
function fitsWildcard(value: string, parts: readonly string[]): boolean {
  const [first = '', ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return value === first;
  if (!value.startsWith(first) || !value.endsWith(last)) return false;
  let from = first.length;
  for (const part of rest) {
    const found = value.indexOf(part, from);
    if (found === -1) return false;
    from = found + part.length;
  }
  return from <= value.length - last.length;
}
