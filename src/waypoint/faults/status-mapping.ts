import { GRPC } from '../respond.ts';

/** What a gRPC client makes of an HTTP status (grpc.io, HTTP to gRPC status code mapping). */
export function grpcStatusFor(httpStatus: number): number {
  return GRPC_FOR_HTTP.get(httpStatus) ?? GRPC.UNKNOWN;
}

/** The HTTP status that stands for a gRPC one (google.rpc.Code). */
export function httpStatusFor(grpcStatus: number): number {
  return HTTP_FOR_GRPC[grpcStatus] ?? 500;
}

const GRPC_FOR_HTTP: ReadonlyMap<number, number> = new Map([
  [400, GRPC.INTERNAL],
  [401, GRPC.UNAUTHENTICATED],
  [403, GRPC.PERMISSION_DENIED],
  [404, GRPC.UNIMPLEMENTED],
  [429, GRPC.UNAVAILABLE],
  [502, GRPC.UNAVAILABLE],
  [503, GRPC.UNAVAILABLE],
  [504, GRPC.UNAVAILABLE],
]);

/** By the number of the gRPC status, from OK to UNAUTHENTICATED. */
const HTTP_FOR_GRPC = [
  200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401,
] as const;
