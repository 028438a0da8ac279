import type { LoadBalancer, SlowStart } from '../../../model/index.ts';
import type { Balancer } from './balancer.ts';
import { createConsistentHash } from './consistent-hash.ts';
import { createLeastRequest } from './least-request.ts';
import { createPeakEwma } from './peak-ewma.ts';
import { createRandom } from './random.ts';
import { createRoundRobin } from './round-robin.ts';
import { createWeights } from './slow-start.ts';

/** The balancer that a policy asks for. It belongs to one service and port. */
export function createBalancer(algorithm: LoadBalancer, slowStart: SlowStart | undefined): Balancer {
  const weights = createWeights(slowStart);
  switch (algorithm.type) {
    case 'round-robin':
      return createRoundRobin(weights);
    case 'random':
      return createRandom(weights);
    case 'least-request':
      return createLeastRequest(weights, algorithm.choices);
    case 'peak-ewma':
      return createPeakEwma(weights, algorithm.decayMs);
    case 'consistent-hash':
      return createConsistentHash(algorithm.table, createLeastRequest(weights, 2));
  }
}
