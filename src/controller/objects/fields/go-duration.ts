import type { Field } from './field.ts';

/** A duration as Go writes it (`1m30s`, `1.5s`), in milliseconds; undefined when absent, wrong or shorter than 1 ms. */
export function parseGoDuration(field: Field): number | undefined {
  const text = field.text();
  if (text === undefined) return undefined;
  const ms = DURATION.test(text) ? millisecondsOf(text) : 0;
  if (ms >= 1 && ms <= LONGEST_MS) return ms;
  field.issue('a duration from 1ms to 24h, such as 5s');
  return undefined;
}

function millisecondsOf(duration: string): number {
  let total = 0;
  for (const [, count = '', unit = ''] of duration.matchAll(PART))
    total += Number(count) * (UNITS_MS[unit] ?? 0);
  return Math.round(total);
}

const PART = /(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g;
const DURATION = /^(?:\d{1,9}(?:\.\d{1,9})?(?:ns|us|µs|ms|s|m|h)){1,7}$/;
const UNITS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
const LONGEST_MS = 86_400_000;
