import { badField } from '../../codec/field.ts';

/** For people to read, and kept for each proxy: no sentence of ours is as long. */
export function cut(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT - 1)}…`;
}

/** Of what is kept for each proxy as long as that is known. Throws WireError ERR_WIRE_FIELD. */
export function shortText(text: string, path: string): string {
  if (text.length <= LONGEST_NAME) return text;
  throw badField(path, `expected ${LONGEST_NAME} characters at most, got ${text.length}`);
}

const LONGEST_TEXT = 1_024;
const LONGEST_NAME = 256;
