/**
 * The fields of a message in their order, names as they came, compared without case (RFC 9110 §5.1). Values are what
 * stands on the wire, one character a byte. Checks nothing: whoever reads from the wire has, and whoever writes to it does.
 */
export class HeaderList {
  #names: string[] = [];
  #lower: string[] = [];
  #values: string[] = [];

  constructor(fields?: Iterable<readonly [name: string, value: string]>) {
    if (fields !== undefined) for (const [name, value] of fields) this.add(name, value);
  }

  get size(): number {
    return this.#names.length;
  }

  /** For loops that must be fast; `''` past the end, here and below. */
  nameAt(index: number): string {
    return this.#names[index] ?? '';
  }

  lowerNameAt(index: number): string {
    return this.#lower[index] ?? '';
  }

  valueAt(index: number): string {
    return this.#values[index] ?? '';
  }

  /** The first value. `name` in lower case, here and below. */
  get(name: string): string | undefined {
    const index = this.#lower.indexOf(name);
    return index === -1 ? undefined : this.#values[index];
  }

  has(name: string): boolean {
    return this.#lower.includes(name);
  }

  /** Every value, in order. */
  all(name: string): readonly string[] {
    return this.#values.filter((_value, index) => this.#lower[index] === name);
  }

  /** All values as one, as RFC 9110 §5.3 joins them; not for set-cookie. Undefined when there is none. */
  joined(name: string): string | undefined {
    const values = this.all(name);
    return values.length === 0 ? undefined : values.join(', ');
  }

  add(name: string, value: string): void {
    this.#names.push(name);
    this.#lower.push(name.toLowerCase());
    this.#values.push(value);
  }

  /** Puts one value in the place of all there are; at the end where there was none. */
  set(name: string, value: string): void {
    const lower = name.toLowerCase();
    const first = this.#lower.indexOf(lower);
    if (first === -1) {
      this.add(name, value);
      return;
    }
    this.#names[first] = name;
    this.#values[first] = value;
    this.#removeFrom(lower, first + 1);
  }

  remove(name: string): void {
    this.#removeFrom(name, 0);
  }

  clone(): HeaderList {
    const copy = new HeaderList();
    copy.#names = this.#names.slice();
    copy.#lower = this.#lower.slice();
    copy.#values = this.#values.slice();
    return copy;
  }

  *[Symbol.iterator](): IterableIterator<readonly [name: string, value: string]> {
    for (const [index, name] of this.#names.entries()) yield [name, this.#values[index] ?? ''];
  }

  #removeFrom(lower: string, start: number): void {
    for (let index = this.#lower.length - 1; index >= start; index--) {
      if (this.#lower[index] !== lower) continue;
      this.#names.splice(index, 1);
      this.#lower.splice(index, 1);
      this.#values.splice(index, 1);
    }
  }
}
