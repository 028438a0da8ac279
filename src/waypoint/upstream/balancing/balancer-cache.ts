import type { LoadBalancer, SlowStart } from '../../../model/index.ts';
import type { Balancer } from './balancer.ts';
import { createBalancer } from './create-balancer.ts';

/** The balancers of one service: one for each way in which its policies want it balanced, kept while policies change. */
export interface BalancerCache {
  balancerFor(algorithm: LoadBalancer, slowStart: SlowStart | undefined): Balancer;
}

/** Keeps a few; what is asked for least goes, with what it remembers. */
export function createBalancerCache(): BalancerCache {
  const byText = new Map<string, Balancer>();
  /** Policies are compiled anew when anything near them changes; the objects then differ and the words are the same. */
  const byObject = new WeakMap<LoadBalancer, { readonly slowStart: unknown; readonly balancer: Balancer }>();

  function byWords(algorithm: LoadBalancer, slowStart: SlowStart | undefined): Balancer {
    const text = JSON.stringify([algorithm, slowStart]);
    const balancer = byText.get(text) ?? createBalancer(algorithm, slowStart);
    // The one that was asked for last is the last one to go.
    byText.delete(text);
    byText.set(text, balancer);
    for (const oldest of byText.keys()) {
      if (byText.size <= MOST) break;
      byText.delete(oldest);
    }
    return balancer;
  }

  return {
    balancerFor(algorithm, slowStart) {
      const known = byObject.get(algorithm);
      if (known !== undefined && known.slowStart === slowStart) return known.balancer;
      const balancer = byWords(algorithm, slowStart);
      byObject.set(algorithm, { slowStart, balancer });
      return balancer;
    },
  };
}

/** Several routes may want one service balanced in several ways, but hardly in more than these. */
const MOST = 8;
