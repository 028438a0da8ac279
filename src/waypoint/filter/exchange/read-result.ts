import { CONNECTION_FIELDS, HeaderList, isFieldValue, isTarget, isToken } from '../../../http/index.ts';

/** What a filter makes of a message, checked: whatever it comes to may be sent. What is undefined stays as it is. */
export interface FilterResult {
  readonly isAnswer: boolean;
  readonly method: string | undefined;
  readonly target: string | undefined;
  readonly status: number | undefined;
  readonly headers: HeaderList | undefined;
  readonly body: Buffer | undefined;
  readonly locals: string | undefined;
}

/** Throws a RangeError that says what makes no sense. */
export function readResult(head: unknown, body: Uint8Array): FilterResult {
  const fields = typeof head === 'object' && head !== null ? (head as Readonly<Record<string, unknown>>) : {};
  const isAnswer = fields.answer === true;
  const status = isAnswer || fields.status !== undefined ? readStatus(fields.status) : undefined;
  return {
    isAnswer,
    status,
    method: readMethod(fields.method),
    target: readTarget(fields.path),
    headers: fields.headers === undefined ? undefined : readHeaders(fields.headers),
    // Its own bytes: those of the frame are a view of all that came with it.
    body: fields.hasBody === true ? Buffer.from(body) : undefined,
    locals: readLocals(fields.locals),
  };
}

function readStatus(status: unknown): number {
  if (typeof status === 'number' && Number.isInteger(status) && status >= 200 && status <= 599) return status;
  throw new RangeError(`expected a status from 200 to 599, got ${shown(status)}`);
}

function readMethod(method: unknown): string | undefined {
  if (method === undefined) return undefined;
  if (typeof method === 'string' && method !== 'CONNECT' && method.length <= 32 && isToken(method))
    return method;
  throw new RangeError(`expected a method (not CONNECT), got ${shown(method)}`);
}

function readTarget(target: unknown): string | undefined {
  if (target === undefined) return undefined;
  if (typeof target === 'string' && target.length <= LONGEST_TARGET && target !== '*' && isTarget(target))
    return target;
  throw new RangeError(`expected a path that begins with / (printable ASCII, no #), got ${shown(target)}`);
}

function readHeaders(pairs: unknown): HeaderList {
  const headers = new HeaderList();
  let bytes = 0;
  if (!Array.isArray(pairs) || pairs.length > MOST_FIELDS)
    throw new RangeError(`expected at most ${MOST_FIELDS} headers`);
  for (const pair of pairs as readonly unknown[]) {
    const [name, value] = Array.isArray(pair) ? (pair as readonly unknown[]) : [];
    if (typeof name !== 'string' || !isToken(name) || CONNECTION_FIELDS.has(name.toLowerCase()))
      throw new RangeError(`expected the name of a header that may be set, got ${shown(name)}`);
    if (typeof value !== 'string' || !isFieldValue(value))
      throw new RangeError(`expected a value without control characters for ${name}, got ${shown(value)}`);
    bytes += name.length + value.length;
    headers.add(name, value.trim());
  }
  if (bytes > LARGEST_HEADERS) throw new RangeError(`expected headers of at most ${LARGEST_HEADERS} bytes`);
  return headers;
}

function readLocals(locals: unknown): string | undefined {
  if (locals === undefined) return undefined;
  if (typeof locals === 'string' && locals.length <= LONGEST_LOCALS) return locals;
  throw new RangeError('expected locals of at most 4096 characters');
}

function shown(value: unknown): string {
  return String(JSON.stringify(value)).slice(0, 80);
}

const LONGEST_TARGET = 16_384;
const LONGEST_LOCALS = 4_096;
const MOST_FIELDS = 256;
const LARGEST_HEADERS = 65_536;
