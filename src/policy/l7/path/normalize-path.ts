import type { PathNormalization } from '../../../model/index.ts';
import {
  backslashesToSlashes,
  escapesAreValid,
  mergeSlashes,
  normalizeEscapes,
  removeDotSegments,
} from './path-text.ts';

/** The target that is routed and forwarded, or why there is none. */
export type NormalizedTarget = { readonly target: string } | { readonly problem: string };

/**
 * Normalizes the path of a request target, so that who routes, who judges and who serves it see the same; the query stays
 * as it is. Doing it twice changes nothing. `*` is no path and stays.
 */
export function normalizePath(target: string, mode: PathNormalization): NormalizedTarget {
  if (!target.startsWith('/')) return { target };
  const end = target.indexOf('?');
  const path = end === -1 ? target : target.slice(0, end);
  if (!escapesAreValid(path)) return { problem: 'an escape in the path is not % and two hex digits' };
  if (path.includes('\0') || /%00/.test(path)) return { problem: 'the path has a NUL in it' };
  if (mode === 'none') return { target };
  const query = end === -1 ? '' : target.slice(end);
  return { target: `${normalized(path, mode)}${query}` };
}

function normalized(path: string, mode: Exclude<PathNormalization, 'none'>): string {
  const decoded = mode === 'decode-and-merge-slashes' ? path.replaceAll(/%(2f|5c)/gi, '/') : path;
  const base = removeDotSegments(backslashesToSlashes(normalizeEscapes(decoded)));
  return mode === 'base' ? base : mergeSlashes(base);
}
