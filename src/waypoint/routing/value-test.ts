import type { ValueMatch } from '../../model/index.ts';
import { createPattern } from './pattern.ts';

/** Whether a header or query parameter is as a match wants it. */
export interface ValueTest {
  readonly name: string;
  /** The one value that holds; undefined for an expression. */
  readonly exact: string | undefined;
  holds(value: string): boolean;
}

/**
 * Of several for one name the first counts (Gateway API, HTTPHeaderMatch and HTTPQueryParamMatch). Throws a WaypointError
 * for an expression that is not RE2.
 */
export function compileValueTests(matches: readonly ValueMatch[]): readonly ValueTest[] {
  if (matches.length === 0) return NONE;
  const tests = new Map<string, ValueTest>();
  for (const match of matches) if (!tests.has(match.name)) tests.set(match.name, compileValueTest(match));
  return [...tests.values()];
}

function compileValueTest({ kind, name, value }: ValueMatch): ValueTest {
  switch (kind) {
    case 'exact':
      return { name, exact: value, holds: (actual) => actual === value };
    case 'regex': {
      const pattern = createPattern(value);
      return { name, exact: undefined, holds: (actual) => pattern.matches(actual) };
    }
  }
}

const NONE: readonly ValueTest[] = [];
