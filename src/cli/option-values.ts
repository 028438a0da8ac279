import { InvalidArgumentError } from 'commander';
import { LOG_LEVELS } from '../base/index.ts';

/** For options that may be given several times. */
export function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}

/** A duration as the mesh's processes take it, checked before it is handed to them. */
export function durationText(text: string): string {
  if (/^[1-9]\d{0,8}(ms|s|m|h|d)$/.test(text)) return text;
  throw new InvalidArgumentError('expected a duration such as 10s, 5m or 24h');
}

/** A log level as the mesh's processes take it, checked before it is handed to them. */
export function logLevelText(text: string): string {
  const known = text.split(',').every((part) => {
    const level = part.trim().split('=').at(-1)?.toLowerCase();
    return LOG_LEVELS.some((name) => name === level);
  });
  if (known) return text;
  throw new InvalidArgumentError(
    `expected one of ${LOG_LEVELS.join(', ')}, or with exceptions as in info,access=warn`,
  );
}

/** A part of traces as proxies take it, checked before it is handed to them. */
export function ratioText(text: string): string {
  const match = /^(\d{1,3}(?:\.\d{1,9})?)(%)?$/.exec(text);
  if (match !== null && Number(match[1]) <= (match[2] === undefined ? 1 : 100)) return text;
  throw new InvalidArgumentError('expected a part such as 1% or 0.01');
}

/** A URL of HTTP, without blanks. */
export function urlText(text: string): string {
  if (/^https?:\/\/\S+$/.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError('expected a URL such as http://collector:4317');
}

/** Of this machine, to listen on. */
export function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port > 0 && port < 65_536) return port;
  throw new InvalidArgumentError('expected a port from 1 to 65535');
}

/** From 0, of nine digits at most. Throws InvalidArgumentError, as the others here do. */
export function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a whole number');
}

/** A duration in milliseconds. */
export function durationMs(text: string): number {
  const match = /^(\d+)(ms|s|m|h|d)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('expected a duration such as 10s, 5m or 24h');
  return Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? 0);
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
