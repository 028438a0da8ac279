/** Numbers as people read them in a narrow column: three digits at most, and a unit. */

const NOTHING = '-';

/** How many per second: `0`, `0.25`, `12.3`, `450`, `1.2k`. */
export function perSecond(rate: number): string {
  if (rate === 0) return '0';
  if (rate < 0.01) return '<0.01';
  return scaled(rate, 1_000, ['', 'k', 'M', 'G']);
}

/** Bytes, or bytes per second: `0B`, `900B`, `1.5KB`, `20MB`. Units are of 1,000. */
export function byteCount(bytes: number): string {
  return scaled(Math.round(bytes), 1_000, ['B', 'KB', 'MB', 'GB', 'TB']);
}

/** A share of 0 to 1: `100%`, `99.9%`; never rounded to 100 % or to 0 % when it is not. */
export function percent(share: number): string {
  if (share >= 1) return '100%';
  if (share <= 0) return '0%';
  const tenths = Math.min(999, Math.max(1, Math.round(share * 1_000)));
  return `${tenths % 10 === 0 ? tenths / 10 : (tenths / 10).toFixed(1)}%`;
}

/** A latency: `0.25ms`, `12ms`, `1.5s`; a dash where nothing was timed. */
export function latency(ms: number | undefined): string {
  if (ms === undefined) return NOTHING;
  if (ms < 1_000) return `${significant(ms)}ms`;
  return `${significant(ms / 1_000)}s`;
}

/** How long ago or still to go, in its largest unit: `12s`, `5m`, `3h`, `40d`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** UTC, `12:34:56.789`: the same on every machine and in every log. */
export function clockTime(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 23);
}

/** What is not there. */
export function orDash(text: string | undefined): string {
  return text === undefined || text === '' ? NOTHING : text;
}

function scaled(value: number, base: number, units: readonly string[]): string {
  let rest = value;
  let unit = 0;
  // 999.5 would be printed as 1000.
  while (rest >= base - 0.5 && unit < units.length - 1) {
    rest /= base;
    unit += 1;
  }
  return `${significant(rest)}${units[unit] ?? ''}`;
}

function significant(value: number): string {
  const digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return String(Number(value.toFixed(digits)));
}
