const UNIT_BYTES: Readonly<Record<string, number>> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

/** `65536`, `64KiB` or `64Ki`, up to `GiB`, in bytes; undefined for anything else. */
export function parseByteSize(text: string): number | undefined {
  const match = /^(\d{1,12})(?:([KMG]i)B?)?$/.exec(text);
  return match === null ? undefined : Number(match[1]) * (UNIT_BYTES[match[2] ?? ''] ?? 1);
}

/** In the largest unit of which it is a whole number. */
export function formatByteSize(bytes: number): string {
  for (const [unit, size] of Object.entries(UNIT_BYTES).reverse())
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}B`;
  return String(bytes);
}
