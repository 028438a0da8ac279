import type { HttpMatch, PathReplacement } from '../../../model/index.ts';
import { comparablePrefix } from '../../routing/compiled-match.ts';
import { pathOf, queryOf } from '../../routing/request-facts.ts';

/**
 * A target with another path; the query stays. `prefix` replaces what the prefix of `match` took, by whole elements: a
 * final slash of prefix or value says nothing, and what would be empty is `/` (Gateway API, HTTPPathModifier).
 */
export function replacePath(target: string, replacement: PathReplacement, match: HttpMatch): string {
  const path = pathOf(target);
  return `${replaced(path, replacement, match)}${queryOf(target)}`;
}

function replaced(path: string, { kind, value }: PathReplacement, { path: matched }: HttpMatch): string {
  if (kind === 'full') return value === '' ? '/' : value;
  // The API allows it with prefix matches only, and the controller refuses the rest.
  if (matched.kind !== 'prefix') return path;
  const rest = path.slice(comparablePrefix(matched.value).length);
  return `${comparablePrefix(value)}${rest}` || '/';
}
