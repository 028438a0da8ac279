/** Chooses among shares, again and again. */
export interface WeightedChoice {
  /** The index of a share; undefined when all weights are zero. */
  next(): number | undefined;
}

/**
 * Steps of the golden ratio round a circle that the shares divide: after n choices each share is within some log(n) of what
 * it is due, which chance alone is far from, and yet no rhythm of the requests (every other one a write, say) falls
 * together with that of the choices, as it would with plain turns. Starts anywhere, so that replicas do not go in step.
 */
export function createWeightedChoice(
  weights: readonly number[],
  random: () => number = Math.random,
): WeightedChoice {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let position = random();
  return {
    next() {
      if (total === 0) return undefined;
      position = (position + GOLDEN_RATIO) % 1;
      let left = position * total;
      let last = 0;
      for (const [index, weight] of weights.entries()) {
        if (weight === 0) continue;
        if (left < weight) return index;
        left -= weight;
        last = index;
      }
      // Rounding may leave a rest behind the last share.
      return last;
    },
  };
}

const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;
