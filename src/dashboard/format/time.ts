import { NOTHING } from './numbers.ts';

/** A length of time in its two largest units: `0 s`, `42 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return NOTHING;
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const largest = UNITS.findIndex((unit) => seconds >= unit.seconds);
  const unit = UNITS[largest];
  if (unit === undefined) return '0 s';
  const next = UNITS[largest + 1];
  const whole = Math.floor(seconds / unit.seconds);
  const rest = next === undefined ? 0 : Math.floor((seconds % unit.seconds) / next.seconds);
  return rest === 0 || next === undefined
    ? `${whole} ${unit.name}`
    : `${whole} ${unit.name} ${rest} ${next.name}`;
}

/** `now` under a second, else `42 s ago`. Clocks that differ never give a time to come. */
export function formatAgo(atMs: number, nowMs: number): string {
  return nowMs - atMs < 1_000 ? 'now' : `${formatDuration(nowMs - atMs)} ago`;
}

/** `in 11 h 40 min`, or `3 min ago` when it is over. */
export function formatUntil(atMs: number, nowMs: number): string {
  return atMs > nowMs ? `in ${formatDuration(atMs - nowMs)}` : formatAgo(atMs, nowMs);
}

/** The time of day here: `14:03:27`. */
export function formatClock(atMs: number): string {
  const at = new Date(atMs);
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((part) => `${part}`.padStart(2, '0'))
    .join(':');
}

/** Date and time here: `2026-11-26 14:03`. */
export function formatDate(atMs: number): string {
  const at = new Date(atMs);
  const day = [at.getFullYear(), at.getMonth() + 1, at.getDate()]
    .map((part) => `${part}`.padStart(2, '0'))
    .join('-');
  return `${day} ${formatClock(atMs).slice(0, 5)}`;
}

const UNITS = [
  { name: 'd', seconds: 86_400 },
  { name: 'h', seconds: 3_600 },
  { name: 'min', seconds: 60 },
  { name: 's', seconds: 1 },
];
