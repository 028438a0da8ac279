import type { Field } from '../fields/index.ts';

/**
 * A duration as the Gateway API writes it (GEP-2257), in milliseconds. `range` is written the same way and holds at both
 * ends. Undefined when absent or wrong.
 */
export function parseDuration(
  field: Field,
  range: { readonly minimum: string; readonly maximum: string },
): number | undefined {
  const text = field.text();
  if (text === undefined) return undefined;
  const ms = DURATION.test(text) ? millisecondsOf(text) : Number.NaN;
  if (ms >= millisecondsOf(range.minimum) && ms <= millisecondsOf(range.maximum)) return ms;
  field.issue(`a duration such as 1m30s, from ${range.minimum} to ${range.maximum}`);
  return undefined;
}

function millisecondsOf(duration: string): number {
  let total = 0;
  for (const [, count = '', unit = ''] of duration.matchAll(/(\d+)(h|ms|m|s)/g))
    total += Number(count) * (UNITS_MS[unit] ?? 0);
  return total;
}

const DURATION = /^([0-9]{1,5}(h|m|s|ms)){1,4}$/;
const UNITS_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };
