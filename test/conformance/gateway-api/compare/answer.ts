/** What a client got for one request. `status` 0 when there was no answer: then `error` tells why. */
export interface ReceivedAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  /** Of a gRPC call: the name of its code, as OK. */
  readonly code?: string;
  readonly error?: string;
}

/** All values of a header, joined with a comma as the suite does. Undefined when there is none. */
export function headerOf(
  headers: readonly (readonly [name: string, value: string])[],
  name: string,
): string | undefined {
  const values = headers
    .filter(([one]) => one.toLowerCase() === name.toLowerCase())
    .map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(',');
}
