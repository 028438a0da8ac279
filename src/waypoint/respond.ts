import type { MeshError } from '../base/index.ts';

/** What a failed request is answered with. `grpc` is the code for gRPC clients (RFC-less: grpc.io's status codes). */
export interface FailureAnswer {
  readonly status: number;
  readonly grpc: number;
}

/**
 * The one place where an error becomes an answer. A code that is missing here is a fault of ours: 500.
 */
export function answerFor(error: MeshError): FailureAnswer {
  return ANSWERS.get(error.code) ?? { status: 500, grpc: GRPC.INTERNAL };
}

export const GRPC = {
  CANCELLED: 1,
  UNKNOWN: 2,
  DEADLINE_EXCEEDED: 4,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

const ANSWERS: ReadonlyMap<string, FailureAnswer> = new Map([
  ['ERR_WAYPOINT_NO_ROUTE', { status: 404, grpc: GRPC.UNIMPLEMENTED }],
  ['ERR_WAYPOINT_INVALID_BACKEND', { status: 500, grpc: GRPC.INTERNAL }],
  ['ERR_WAYPOINT_NO_ENDPOINT', { status: 503, grpc: GRPC.UNAVAILABLE }],
]);
