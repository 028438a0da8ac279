import type { Field } from '../../fields/index.ts';

/** A duration as GEP-2257 has it (`1h30m`, `500ms`), in milliseconds. */
export function parseDuration(field: Field): number | undefined {
  const text = field.text({ pattern: DURATION });
  if (text === undefined || !DURATION.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit = ''] of text.matchAll(PART)) total += Number(amount) * (UNIT_MS.get(unit) ?? 0);
  return total;
}

const DURATION = /^([0-9]{1,5}(h|m|s|ms)){1,4}$/;
const PART = /([0-9]+)(ms|h|m|s)/g;
const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
]);
