import { deepStrictEqual } from 'node:assert/strict';

/** Deep equality of data; prototypes, which fast-check varies on purpose, do not count. */
export function sameValue(actual: unknown, expected: unknown): void {
  deepStrictEqual(structuredClone(actual), structuredClone(expected));
}
