import { badField } from '../../codec/field.ts';

/** What a protobuf uint32 can hold of a count. */
export function whole(value: number): number {
  return Math.min(Math.max(Math.round(value), 0), 0xffff_ffff) || 0;
}

/** A number of something: neither negative, nor none at all, nor so large that sums of it are no numbers any more. */
export function decodeAmount(value: number, path: string): number {
  if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) return value;
  throw badField(path, `expected a number from 0 to 2^53, got ${value}`);
}

/** Milliseconds since 1970, in a year of four digits. */
export function decodeTime(value: number, path: string): number {
  if (value >= 0 && value <= LAST_MS) return value;
  throw badField(path, `expected milliseconds since 1970, got ${value}`);
}

/** The end of the year 9999, when certificates that never expire do. */
const LAST_MS = 253_402_300_799_999;
