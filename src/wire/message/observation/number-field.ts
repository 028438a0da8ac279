import { badField } from '../../codec/field.ts';

/** What a protobuf uint32 can hold of a count. */
export function whole(value: number): number {
  return Math.min(Math.max(Math.round(value), 0), 0xffff_ffff) || 0;
}

/** A number of something: neither negative, nor infinite, nor none at all. */
export function decodeAmount(value: number, path: string): number {
  if (Number.isFinite(value) && value >= 0) return value;
  throw badField(path, `expected a number from 0, got ${value}`);
}
