/** A time on the wire, in whole milliseconds; undefined stays unset. */
export function encodeMs(ms: number | undefined): bigint | undefined {
  return ms === undefined ? undefined : BigInt(Math.round(ms));
}

/** The reverse of encodeMs. */
export function decodeMs(ms: bigint | undefined): number | undefined {
  return ms === undefined ? undefined : Number(ms);
}
