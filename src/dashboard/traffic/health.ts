import type { Rates } from '../../model/index.ts';

/** How it goes: nothing passes, all well, some of it fails, much of it fails. */
export type Health = 'idle' | 'good' | 'warn' | 'bad';

/** Health of what was counted: warn below 99.9 % success, bad below 95 %. */
export function healthOf(rates: Rates): Health {
  if (volumeOf(rates) === 0) return 'idle';
  if (rates.success >= 0.999) return 'good';
  return rates.success >= 0.95 ? 'warn' : 'bad';
}

/** Health of an edge of the graph: slow is no better than some that fail. */
export function edgeHealth({ rates, slow }: { readonly rates: Rates; readonly slow: boolean }): Health {
  const health = healthOf(rates);
  return slow && health === 'good' ? 'warn' : health;
}

/** What people count: requests where there are any, else connections; refused ones are part of it. Per second. */
export function volumeOf(rates: Rates): number {
  return Math.max(rates.requests, rates.connects, rates.refused + rates.failed);
}

/** The worse of two. */
export function worse(one: Health, other: Health): Health {
  return ORDER.indexOf(one) > ORDER.indexOf(other) ? one : other;
}

/** What a screen reader says of it. */
export const HEALTH_WORDS: Readonly<Record<Health, string>> = {
  idle: 'no traffic',
  good: 'healthy',
  warn: 'some fail or are slow',
  bad: 'many fail',
};

const ORDER: readonly Health[] = ['idle', 'good', 'warn', 'bad'];
