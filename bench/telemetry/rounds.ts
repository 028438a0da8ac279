import { median } from '../macro/median.ts';

/** Figures of one sample, by name. */
export type Taken = Readonly<Record<string, number>>;

/** The same work, of proxies that tell of more or less; `failures`, that tell of failures alone, is what others are compared with. */
export type Sides = { readonly failures: Sampler } & Readonly<Record<string, Sampler>>;
export type Sampler = () => Promise<Taken>;

/** One figure of one side, and how much more it is than that of `failures`. */
export interface Compared {
  readonly side: string;
  readonly figure: string;
  /** Medians. */
  readonly told: number;
  readonly failures: number;
  /** Of the ratios within rounds less 1: their median, and between what half of them lie. */
  readonly more: { readonly median: number; readonly from: number; readonly to: number };
}

/**
 * Takes a sample of each side in each round, in an order that turns: what else the machine does changes from minute to
 * minute, but meets those of a round nearly alike. So the median of the ratios says more than the ratio of the medians.
 */
export async function takeRounds(
  sides: Sides,
  rounds: number,
  onRound: (index: number, round: Readonly<Record<string, Taken>>) => void,
): Promise<readonly Compared[]> {
  const names = Object.keys(sides);
  const taken: Readonly<Record<string, Taken>>[] = [];
  for (let index = 0; index < rounds; index++) {
    const round: Record<string, Taken> = {};
    for (const turn of names.keys()) {
      const name = names[(index + turn) % names.length] ?? 'failures';
      round[name] = (await sides[name]?.()) ?? {};
    }
    taken.push(round);
    onRound(index, round);
  }
  const figures = Object.keys(taken[0]?.failures ?? {});
  return names
    .filter((name) => name !== 'failures')
    .flatMap((side) => figures.map((figure) => compare(taken, side, figure)));
}

function compare(taken: readonly Readonly<Record<string, Taken>>[], side: string, figure: string): Compared {
  const of = (name: string): number[] => taken.map((round) => round[name]?.[figure] ?? Number.NaN);
  const [told, failures] = [of(side), of('failures')];
  const ratios = told.map((value, index) => value / (failures[index] ?? Number.NaN) - 1);
  const [from, to] = [0.25, 0.75].map((share) => quantile(ratios, share));
  const more = { median: median(ratios), from: from ?? Number.NaN, to: to ?? Number.NaN };
  return { side, figure, told: median(told), failures: median(failures), more };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
