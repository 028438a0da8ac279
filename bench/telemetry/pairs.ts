import { median } from '../macro/median.ts';

/** Figures of one sample, by name. */
export type Taken = Readonly<Record<string, number>>;

/** The same work, of proxies that tell of everything and of those that tell of failures alone. */
export interface Sides {
  readonly all: () => Promise<Taken>;
  readonly failures: () => Promise<Taken>;
}

/** One figure on both sides, and how much more telling everything is. */
export interface Compared {
  readonly figure: string;
  /** Medians. */
  readonly all: number;
  readonly failures: number;
  /** Of the ratios of pairs less 1: their median, and between what half of them lie. */
  readonly more: { readonly median: number; readonly from: number; readonly to: number };
}

/**
 * Takes samples in pairs, now the one side first and now the other: what else the machine does changes from minute to minute,
 * but meets both of a pair nearly alike. So the median of the ratios says more than the ratio of the medians.
 */
export async function takePairs(
  sides: Sides,
  pairs: number,
  onPair: (index: number, pair: { readonly all: Taken; readonly failures: Taken }) => void,
): Promise<readonly Compared[]> {
  const taken: { readonly all: Taken; readonly failures: Taken }[] = [];
  for (let index = 0; index < pairs; index++) {
    const first = index % 2 === 0 ? await sides.all() : undefined;
    const failures = await sides.failures();
    const pair = { all: first ?? (await sides.all()), failures };
    taken.push(pair);
    onPair(index, pair);
  }
  return Object.keys(taken[0]?.all ?? {}).map((figure) => {
    const of = (side: 'all' | 'failures'): number[] => taken.map((pair) => pair[side][figure] ?? Number.NaN);
    const ratios = taken.map(({ all, failures }) => (all[figure] ?? 0) / (failures[figure] ?? 0) - 1);
    const [from, to] = [0.25, 0.75].map((share) => quantile(ratios, share));
    const more = { median: median(ratios), from: from ?? Number.NaN, to: to ?? Number.NaN };
    return { figure, all: median(of('all')), failures: median(of('failures')), more };
  });
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
