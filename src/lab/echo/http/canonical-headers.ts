/** As Go's net/http has them: names in canonical form, each with the list of its values, the Host header apart. */
export interface CanonicalHeaders {
  readonly host: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
}

/** `rawHeaders` as node:http has them: names and values by turns. Pseudo-headers are left out. */
export function canonicalHeaders(rawHeaders: readonly string[]): CanonicalHeaders {
  const headers: Record<string, string[]> = {};
  let host = '';
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    const value = rawHeaders[index + 1] ?? '';
    const lower = name.toLowerCase();
    if (lower === 'host' || lower === ':authority') host = value;
    else if (!name.startsWith(':')) {
      const canonical = canonicalName(name);
      headers[canonical] = [...(headers[canonical] ?? []), value];
    }
  }
  return { host, headers };
}

/** `x-echo-set-header` → `X-Echo-Set-Header`. */
export function canonicalName(name: string): string {
  return name
    .split('-')
    .map((part) => part.slice(0, 1).toUpperCase() + part.slice(1).toLowerCase())
    .join('-');
}
