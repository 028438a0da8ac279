/** One line of a proxy's log, in either of its formats. */
export interface LogLine {
  readonly atMs: number;
  readonly level: string;
  /** The part that spoke; `access` is the log of connections and requests. */
  readonly target: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Undefined for what is no line of a log: a stack trace, say. */
export function parseLogLine(line: string): LogLine | undefined {
  return line.startsWith('{') ? parseJson(line) : parseText(line);
}

/** `timestamp TAB level TAB target TAB message TAB k=v …` */
function parseText(line: string): LogLine | undefined {
  const [time = '', level = '', target = '', message = '', ...rest] = line.split('\t');
  const atMs = Date.parse(time);
  if (message === '' || Number.isNaN(atMs)) return undefined;
  return { atMs, level, target, message, fields: parseFields(rest.join('\t')) };
}

function parseJson(line: string): LogLine | undefined {
  let value: Readonly<Record<string, unknown>>;
  try {
    value = JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    // A line that was cut, or another program's.
    return undefined;
  }
  const { time, level, target, message, ...fields } = value;
  const atMs = Date.parse(String(time));
  if (Number.isNaN(atMs) || typeof message !== 'string') return undefined;
  return {
    atMs,
    level: String(level),
    target: String(target),
    message,
    fields: Object.fromEntries(
      Object.entries(fields).map(([name, field]) => [
        name,
        typeof field === 'string' ? field : JSON.stringify(field),
      ]),
    ),
  };
}

/** Values with spaces or quotes are written as JSON strings. */
const FIELD = /([^\s=]+)=("(?:[^"\\]|\\.)*"|\S*)/g;

function parseFields(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...text.matchAll(FIELD)].map(([, name = '', value = '']) => [name, unquoted(value)]),
  );
}

function unquoted(value: string): string {
  if (!value.startsWith('"')) return value;
  try {
    return String(JSON.parse(value));
  } catch {
    return value;
  }
}
