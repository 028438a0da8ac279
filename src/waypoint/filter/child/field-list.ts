import type { FilterHeaders } from '../author/filter-api.ts';
import type { HeaderPairs } from '../protocol/messages.ts';

/** The fields of a message as a filter sees them. */
export class FieldList implements FilterHeaders {
  #fields: [name: string, value: string][];
  #isChanged = false;

  constructor(fields: Iterable<readonly [name: string, value: string]>) {
    this.#fields = [...fields].map(([name, value]) => [name, value]);
  }

  get isChanged(): boolean {
    return this.#isChanged;
  }

  get(name: string): string | undefined {
    const values = this.getAll(name);
    return values.length === 0 ? undefined : values.join(', ');
  }

  getAll(name: string): readonly string[] {
    const lower = name.toLowerCase();
    return this.#fields.filter(([field]) => field.toLowerCase() === lower).map(([, value]) => value);
  }

  has(name: string): boolean {
    return this.getAll(name).length > 0;
  }

  set(name: string, value: string): void {
    checkField(name, value);
    const lower = name.toLowerCase();
    const place = this.#fields.findIndex(([field]) => field.toLowerCase() === lower);
    const others = this.#fields.filter(([field]) => field.toLowerCase() !== lower);
    others.splice(place === -1 ? others.length : place, 0, [name, value]);
    this.#replace(others);
  }

  add(name: string, value: string): void {
    checkField(name, value);
    this.#replace([...this.#fields, [name, value]]);
  }

  delete(name: string): void {
    const lower = name.toLowerCase();
    const left = this.#fields.filter(([field]) => field.toLowerCase() !== lower);
    if (left.length < this.#fields.length) this.#replace(left);
  }

  *[Symbol.iterator](): IterableIterator<readonly [name: string, value: string]> {
    for (const [name, value] of this.#fields) yield [name, value];
  }

  toPairs(): HeaderPairs {
    return this.#fields;
  }

  #replace(fields: [name: string, value: string][]): void {
    this.#fields = fields;
    this.#isChanged = true;
  }
}

/** Throws a TypeError where the waypoint would refuse the field, so that the author is shown the line. */
function checkField(name: unknown, value: unknown): void {
  if (typeof name !== 'string' || !TOKEN.test(name))
    throw new TypeError(`expected the name of a header, got ${JSON.stringify(name)}`);
  if (CONNECTION_FIELDS.has(name.toLowerCase()))
    throw new TypeError(`${name} cannot be set: the waypoint does, as the message needs it`);
  if (typeof value !== 'string' || NOT_IN_VALUE.test(value))
    throw new TypeError(`expected text without control characters for ${name}, got ${JSON.stringify(value)}`);
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const NOT_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
/** Kept equal to the list in src/http by a test; this file may import nothing of the waypoint. */
export const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);
