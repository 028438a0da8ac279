import type { PathPattern } from '../../../model/index.ts';
import { compileStrings, type StringTest } from '../../compile-strings.ts';

/** True for a path that any of the patterns fit. With `fold` the case of letters does not count. */
export function compilePaths(patterns: readonly PathPattern[], fold: boolean): StringTest {
  const texts = compileStrings(
    patterns.flatMap((pattern) => {
      if (pattern.kind === 'template') return [];
      if (pattern.kind === 'presence' || !fold) return [pattern];
      return [{ kind: pattern.kind, value: pattern.value.toLowerCase() }];
    }),
  );
  const templates = patterns.flatMap((pattern) =>
    pattern.kind === 'template' ? [compileTemplate(fold ? pattern.value.toLowerCase() : pattern.value)] : [],
  );
  if (texts === undefined && templates.length === 0) return undefined;
  const fits = (path: string): boolean =>
    texts?.(path) === true || templates.some((template) => template.test(path));
  return fold ? (path) => fits(path.toLowerCase()) : fits;
}

/** `{*}` is one segment that is not empty, `{**}` any number of characters with slashes among them. */
function compileTemplate(template: string): RegExp {
  const source = template
    .split(/(\{\*\*?\})/)
    .map((part) => {
      if (part === '{*}') return '[^/]+';
      if (part === '{**}') return '.*';
      return part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
    })
    .join('');
  return new RegExp(`^${source}$`, 's');
}
