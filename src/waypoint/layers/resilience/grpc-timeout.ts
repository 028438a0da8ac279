/** Milliseconds of a `grpc-timeout` field (gRPC over HTTP/2, Timeout); undefined for what is none. */
export function parseGrpcTimeout(text: string | undefined): number | undefined {
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(text ?? '') ?? [];
  const factor = UNITS_MS[unit ?? ''];
  return factor === undefined ? undefined : Number(digits) * factor;
}

const UNITS_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};
