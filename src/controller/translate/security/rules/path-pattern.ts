import type { PathPattern } from '../../../../model/index.ts';
import { readText } from './text-pattern.ts';

/** A path with `*` before or behind it, or a template; undefined for what Istio's validation refuses. */
export function readPath(value: string): PathPattern | undefined {
  if (!/[{}]/.test(value)) return readText(value);
  return isTemplate(value) ? { kind: 'template', value } : undefined;
}

/** `{*}` and `{**}` are whole segments, nothing of the kind comes after `{**}`, and all else is literal. */
function isTemplate(value: string): boolean {
  if (!value.startsWith('/')) return false;
  let isLast = false;
  for (const segment of value.replace(/^\/+|\/+$/g, '').split('/')) {
    if (segment === '{*}' || segment === '{**}') {
      if (isLast) return false;
      isLast = segment === '{**}';
    } else if (!LITERAL.test(segment)) return false;
  }
  return true;
}

/** RFC 3986 appendix A, pchar without `*`. */
const LITERAL = /^[a-zA-Z0-9\-._~%!$&'()+,;:@=]+$/;
