import { randomInt } from 'node:crypto';

/**
 * What this program itself tells a terminal to do carries numbers of this process: parameters of four digits each, which is as many as those who
 * measure texts without their sequences look for. Whatever else looks like an order comes from somebody
 * else: an object's annotation, the reason of a refusal, a header. It is shown and not obeyed.
 */
const MARK = Array.from({ length: 4 }, () => randomInt(1_000, 10_000)).join(';');

/** `\u001b[<parameters><letter>` (ECMA-48, 5.4), marked as ours. */
export function ownSequence(parameters: string, letter: string): string {
  return `\u001b[${parameters};${MARK}${letter}`;
}

/** As `styled` of picocolors: it goes on behind what ends it in between. */
export function ownStyle(open: string, close: string): (text: string | number | null | undefined) => string {
  const [begin, end] = [ownSequence(open, 'm'), ownSequence(close, 'm')];
  return (text) => `${begin}${String(text).replaceAll(end, begin)}${end}`;
}

/** A text with its marked sequences, and `others` for all between. */
export function mapOthers(
  text: string,
  own: (sequence: string) => string,
  others: (text: string) => string,
): string {
  return text
    .split(OWN)
    .map((part, index) => (index % 2 === 0 ? others(part) : own(part)))
    .join('');
}

/** As the terminal is to get it. */
export function unmarked(sequence: string): string {
  return sequence.replace(`;${MARK}`, '');
}

const OWN = new RegExp(`(\u001b\\[[0-9;]*;${MARK}[A-Za-z])`);
