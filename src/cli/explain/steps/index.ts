export { strictFor } from './arrivals.ts';
export { l4Facts, l7Facts } from './policy-facts.ts';
export { smallestChange } from './smallest-change.ts';
