const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `250ms`, `10s`, `5m`, `24h`, `7d` in milliseconds; undefined for anything else. */
export function parseDurationMs(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  const unitMs = UNITS_MS[match?.[2] ?? ''];
  return match === null || unitMs === undefined ? undefined : Number(match[1]) * unitMs;
}

/** In the largest unit of which it is a whole number. */
export function formatDurationMs(durationMs: number): string {
  for (const [unit, size] of Object.entries(UNITS_MS).reverse())
    if (durationMs >= size && durationMs % size === 0) return `${durationMs / size}${unit}`;
  return `${durationMs}ms`;
}
