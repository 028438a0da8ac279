/** Milliseconds that a Retry-After field asks for (RFC 9110 §10.2.3): seconds, or a date. Undefined for what is neither. */
export function parseRetryAfter(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim();
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000;
  // Date.parse takes much more than HTTP's dates; a date of HTTP begins with a day and ends with GMT.
  if (!/^[A-Z][a-z]{2,8},? .* GMT$/.test(value)) return undefined;
  const dateMs = Date.parse(value);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}
