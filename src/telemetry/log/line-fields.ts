import { describeError, type LogFields, MeshError } from '../../base/index.ts';

/** Names of the line itself; a field of the same name would make the line ambiguous. */
const RESERVED: ReadonlySet<string> = new Set(['time', 'level', 'target', 'message']);

/**
 * Fields as they are written: an error becomes its message with those of its causes, and beside it its code and hint,
 * so that they can be searched for.
 */
export function lineFields(fields: LogFields): Record<string, unknown> {
  const line: Record<string, unknown> = {};
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    if (value === undefined) continue;
    const key = RESERVED.has(name) ? `field.${name}` : name;
    if (value instanceof Error) {
      line[key] = describeError(value);
      if (value instanceof MeshError) {
        line[`${key}.code`] = value.code;
        if (value.hint !== undefined) line[`${key}.hint`] = value.hint;
      }
    } else line[key] = typeof value === 'bigint' ? value.toString() : value;
  }
  return line;
}

/**
 * `k=v` pairs with spaces between; whatever could be mistaken for more than one value is quoted as in JSON. Says of fields
 * what it would say of their `lineFields`, without making those: a proxy writes a line for each request.
 */
export function formatFields(fields: LogFields): string {
  let text = '';
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    if (value === undefined) continue;
    if (typeof value === 'string' || typeof value === 'number') {
      const key = RESERVED.has(name) ? `field.${name}` : name;
      text += text === '' ? `${key}=${formatValue(value)}` : ` ${key}=${formatValue(value)}`;
      continue;
    }
    const written = lineFields({ [name]: value });
    for (const key of Object.keys(written))
      text += `${text === '' ? '' : ' '}${key}=${formatValue(written[key])}`;
  }
  return text;
}

function formatValue(value: unknown): string {
  if (typeof value === 'number') return String(value);
  const text = typeof value === 'string' ? value : stringify(value);
  return PLAIN_ASCII.test(text) || PLAIN.test(text) ? text : escapeHidden(JSON.stringify(text));
}

const PLAIN = /^[^\s"=\p{Cc}\p{Cf}]+$/u;
/** Most of what `PLAIN` is, and much quicker to tell. */
const PLAIN_ASCII = /^[!#-<>-~]+$/;

/**
 * What JSON leaves as it is and terminals or editors do not: controls beyond ASCII, line separators, and what turns the direction of
 * text. Paths and headers come from anybody, and a line must look like what it is. Equal to what it was for whoever parses it.
 */
export function escapeHidden(json: string): string {
  if (ASCII.test(json)) return json;
  return json.replace(HIDDEN, (hidden) =>
    Array.from({ length: hidden.length }, (_, index) => codeOf(hidden.charCodeAt(index))).join(''),
  );
}

function codeOf(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}

const ASCII = /^[\n -~]*$/;
const HIDDEN = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu;

function stringify(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  try {
    return JSON.stringify(value) ?? '';
  } catch (error) {
    // A log line must come out whatever it was given (a cycle, a throwing getter).
    return `[cannot be written: ${describeError(error)}]`;
  }
}
