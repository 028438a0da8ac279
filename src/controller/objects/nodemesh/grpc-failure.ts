import type { Field } from '../fields/index.ts';

/** The number of a gRPC status that is written by its name; OK is no failure. Undefined when absent or wrong. */
export function parseGrpcFailure(field: Field): number | undefined {
  const name = field.oneOf(FAILURES);
  return name === undefined ? undefined : FAILURES.indexOf(name) + 1;
}

/** From 1 on. */
const FAILURES = [
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;
