/** A rate or count in at most four characters and a unit letter: `0`, `0.04`, `1.3`, `124`, `12.3k`, `4.1M`. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return NOTHING;
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 0.005) return '<0.01';
  if (size < 0.995) return value.toFixed(2);
  if (size < 99.95) return trim(value.toFixed(1));
  if (size < 9_999.5) return value.toFixed(0);
  if (size < 999_500) return `${trim((value / 1_000).toFixed(size < 99_950 ? 1 : 0))}k`;
  return `${trim((value / 1_000_000).toFixed(1))}M`;
}

/** `12.3/s`. */
export function formatRate(perSecond: number): string {
  return `${formatNumber(perSecond)}/s`;
}

/** Bytes in decimal units: `0 B`, `1.2 kB`, `34 MB`. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return NOTHING;
  let rest = bytes;
  let unit = 0;
  while (rest >= 999.5 && unit < BYTE_UNITS.length - 1) {
    rest /= 1_000;
    unit += 1;
  }
  const digits = unit === 0 || rest >= 99.95 ? 0 : 1;
  return `${trim(rest.toFixed(digits))} ${BYTE_UNITS[unit] ?? ''}`;
}

/** `1.2 kB/s`. */
export function formatByteRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** A share of 0 to 1 in percent. What is not whole is never shown as 100 %, and what is not nothing never as 0 %. */
export function formatPercent(share: number): string {
  if (!Number.isFinite(share)) return NOTHING;
  const percent = share * 100;
  if (share === 0 || share === 1) return `${percent} %`;
  if (percent > 99.99) return '99.99 %';
  // Cut, not rounded: 99.9 % is a threshold, and what is below it must look so.
  if (percent > 99) return `${trim((Math.floor(percent * 100 + 1e-6) / 100).toFixed(2))} %`;
  if (percent < 0.1) return '<0.1 %';
  return `${trim(percent.toFixed(1))} %`;
}

/** Milliseconds as `0.4 ms`, `12 ms`, `1.24 s`; a dash when nothing was timed. */
export function formatLatency(ms: number | undefined): string {
  if (ms === undefined) return NOTHING;
  if (ms < 9.95) return `${trim(ms.toFixed(1))} ms`;
  if (ms < 999.5) return `${ms.toFixed(0)} ms`;
  return `${trim((ms / 1_000).toFixed(ms < 9_950 ? 2 : 1))} s`;
}

function trim(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** Stands where there is nothing to show. */
export const NOTHING = '–';
const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
