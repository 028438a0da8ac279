import { formatByteSize, parseByteSize } from './byte-size.ts';
import { formatDurationMs, parseDurationMs } from './duration.ts';
import { type Problems, parseOrNote } from './problems.ts';

/** The least and the most that an option may be. */
export type Range = readonly [least: number, most: number];

/** A size in bytes, as `64KiB`. */
export function byteSize(problems: Problems, flag: string, value: string, range: Range): number {
  return ranged(problems, { flag, value, range, what: 'a size' }, parseByteSize, formatByteSize);
}

/** Digits alone, within `range`, both ends of which are allowed. */
export function wholeNumber(problems: Problems, flag: string, value: string, range: Range): number {
  return ranged(problems, { flag, value, range, what: 'a whole number' }, parseWholeNumber, String);
}

/** A duration in milliseconds, as `10s`. */
export function rangedDurationMs(problems: Problems, flag: string, value: string, range: Range): number {
  return ranged(problems, { flag, value, range, what: 'a duration' }, parseDurationMs, formatDurationMs);
}

/** Where there is a problem, the result is the least: in range, and never used. */
function ranged(
  problems: Problems,
  option: { readonly flag: string; readonly value: string; readonly range: Range; readonly what: string },
  parse: (text: string) => number | undefined,
  format: (value: number) => string,
): number {
  const { flag, value, what } = option;
  const [least, most] = option.range;
  const inRange = (text: string): number | undefined => {
    const number = parse(text);
    return number === undefined || number < least || number > most ? undefined : number;
  };
  const expected = `${what} from ${format(least)} to ${format(most)}`;
  return parseOrNote(problems, { flag, expected, value }, inRange, least);
}

function parseWholeNumber(text: string): number | undefined {
  return /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}
