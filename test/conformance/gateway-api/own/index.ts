import { BACKEND_TESTS } from './backends.ts';
import { FILTER_TESTS } from './filters.ts';
import { GRPC_TESTS } from './grpc.ts';
import { MATCHING_TESTS } from './matching.ts';
import type { OwnTest } from './own-test.ts';
import { RESILIENCE_TESTS } from './resilience.ts';

export type { OwnTest } from './own-test.ts';

/** Tests of features that the shared data has none of. */
export const OWN_TESTS: readonly OwnTest[] = [
  ...MATCHING_TESTS,
  ...FILTER_TESTS,
  ...BACKEND_TESTS,
  ...RESILIENCE_TESTS,
  ...GRPC_TESTS,
];
