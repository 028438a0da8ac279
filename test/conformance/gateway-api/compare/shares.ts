import type { Distribution } from '../data/index.ts';

/** In what the shares of backends differ from their weights. `pods`: who answered each request. */
export function shareDifferences(
  { weights, tolerance }: Distribution,
  pods: readonly string[],
): readonly string[] {
  const strangers = pods.filter((pod) => !Object.keys(weights).some((backend) => pod.startsWith(backend)));
  const wrong = Object.entries(weights).flatMap(([backend, weight]) => {
    const share = pods.filter((pod) => pod.startsWith(backend)).length / pods.length;
    const holds = weight === 0 ? share === 0 : Math.abs(share - weight) <= tolerance;
    return holds ? [] : [`${backend}: expected a share of ${weight}, got ${share.toFixed(3)}`];
  });
  return strangers.length === 0 ? wrong : [...wrong, `answers of ${[...new Set(strangers)].join(', ')}`];
}
