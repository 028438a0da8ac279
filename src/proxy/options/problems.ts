import type { MeshError } from '../../base/index.ts';

/** Collects what is wrong with the options, so that one run tells all of it. */
export interface Problems {
  /** Notes that `flag` needed `expected` and got `value`. */
  add(flag: string, expected: string, value: string | undefined): void;
  /** Throws what `fail` makes of all problems when there was one. */
  throwIfAny(): void;
}

/** `fail` gets one line with every problem in it. */
export function createProblems(fail: (message: string) => MeshError): Problems {
  const found: string[] = [];
  return {
    add(flag, expected, value) {
      found.push(
        `${flag}: expected ${expected}, got ${value === undefined ? 'nothing' : JSON.stringify(value)}`,
      );
    },
    throwIfAny() {
      if (found.length === 0) return;
      throw fail(found.join('; '));
    },
  };
}

/** A text that must be there. */
export function requiredText(problems: Problems, flag: string, value: string | undefined): string {
  if (value !== undefined && value.trim() !== '') return value;
  problems.add(flag, 'a value', value);
  return '';
}

/** Applies `parse` and notes a problem where it gives undefined; the result is then `fallback`, never used. */
export function parseOrNote<T>(
  problems: Problems,
  option: { readonly flag: string; readonly expected: string; readonly value: string | undefined },
  parse: (text: string) => T | undefined,
  fallback: T,
): T {
  const result = option.value === undefined ? undefined : parse(option.value);
  if (result !== undefined) return result;
  problems.add(option.flag, option.expected, option.value);
  return fallback;
}
