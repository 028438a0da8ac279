/** Where a value sits in its object: `['spec', 'rules', 0, 'from']`. */
export type FieldPath = readonly (string | number)[];

/** One thing that is wrong with an object. */
export interface FieldIssue {
  readonly path: FieldPath;
  readonly expected: string;
  readonly got: string;
}

/** What a text must be; lengths in characters. */
export interface TextRule {
  readonly maxLength?: number;
  readonly minLength?: number;
  readonly pattern?: RegExp;
}

/**
 * One value of an untyped object together with its place. Reading it as the wrong type records an issue and gives a
 * harmless stand-in, so that one pass finds everything that is wrong. Absent values give `undefined` (or the fallback)
 * without an issue; what must be there is asked for with `required()`.
 */
export interface Field {
  readonly path: FieldPath;
  readonly value: unknown;
  readonly present: boolean;
  required(): Field;
  /** A member. Of anything that is not an object it is absent. */
  key(name: string): Field;
  /** Checks that this is an object, if it is there; names of members outside `known` are issues (or notices). */
  object(known?: readonly string[]): this;
  entries(): readonly (readonly [string, Field])[];
  items(maxItems?: number, minItems?: number): readonly Field[];
  text(rule?: TextRule): string | undefined;
  oneOf<T extends string>(values: readonly T[]): T | undefined;
  boolean(): boolean | undefined;
  integer(range?: { readonly minimum: number; readonly maximum: number }): number | undefined;
  texts(rule?: TextRule & { readonly maxItems?: number }): readonly string[];
  /** An object whose values are all text. */
  textMap(): ReadonlyMap<string, string>;
  /** The same place with another value: the document that a text holds. */
  holding(value: unknown): Field;
  issue(expected: string, got?: string): void;
  /** What is no fault and most likely not what was meant. */
  notice(expected: string, got: string): void;
}

/** How strictly an object is read. */
export interface FieldOptions {
  /** Unknown fields are told here and are no fault: an API server would have dropped them. Default: they are, and notices are nobody's. */
  readonly notices?: FieldIssue[];
  /**
   * Null stands for "not set", but not below this member: there it is a wrong type, as the schemas of custom resources
   * have it.
   */
  readonly noNullsBelow?: string;
}

/** What is `got` where an object has a member that nobody knows. */
export const UNKNOWN_FIELD = 'an unknown field';

/** The root of an object; whatever is wrong below it is appended to `issues`. */
export function createField(value: unknown, issues: FieldIssue[], options: FieldOptions = {}): Field {
  return new ObjectField({ value, path: [], issues, options });
}

/** `spec.rules[0].from`, or `(object)` for the whole. */
export function formatFieldPath(path: FieldPath): string {
  if (path.length === 0) return '(object)';
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      if (!/^[A-Za-z_][\w-]*$/.test(part)) return `[${JSON.stringify(part)}]`;
      return index === 0 ? part : `.${part}`;
    })
    .join('');
}

interface FieldParts {
  readonly value: unknown;
  readonly path: FieldPath;
  readonly issues: FieldIssue[];
  readonly options: FieldOptions;
}

class ObjectField implements Field {
  readonly #parts: FieldParts;

  constructor(parts: FieldParts) {
    this.#parts = parts;
  }

  get path(): FieldPath {
    return this.#parts.path;
  }

  get value(): unknown {
    return this.#parts.value;
  }

  get present(): boolean {
    const { value, path, options } = this.#parts;
    return value !== undefined && (value !== null || (path.length > 1 && path[0] === options.noNullsBelow));
  }

  required(): this {
    if (!this.present) this.issue('a value', 'nothing');
    return this;
  }

  key(name: string): Field {
    const { value } = this.#parts;
    return this.#child(name, isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined);
  }

  object(known?: readonly string[]): this {
    const { value, path, issues, options } = this.#parts;
    if (!this.present) return this;
    if (!isObject(value)) {
      this.issue('an object');
      return this;
    }
    if (known === undefined) return this;
    for (const name of Object.keys(value)) {
      if (known.includes(name)) continue;
      const expected = `one of the fields ${known.join(', ')}`;
      (options.notices ?? issues).push({ path: [...path, name], expected, got: UNKNOWN_FIELD });
    }
    return this;
  }

  entries(): readonly (readonly [string, Field])[] {
    this.object();
    const { value } = this.#parts;
    if (!isObject(value)) return [];
    return Object.entries(value).map(([name, item]) => [name, this.#child(name, item)] as const);
  }

  items(maxItems = Number.POSITIVE_INFINITY, minItems = 0): readonly Field[] {
    const { value } = this.#parts;
    if (!this.present) return [];
    if (!Array.isArray(value)) {
      this.issue('a list');
      return [];
    }
    if (value.length > maxItems) this.issue(`at most ${maxItems} items`, `${value.length}`);
    if (value.length < minItems) this.issue(`at least ${minItems} items`, `${value.length}`);
    return value.map((item: unknown, index) => this.#child(index, item));
  }

  text(rule: TextRule = {}): string | undefined {
    const { value } = this.#parts;
    if (!this.present) return undefined;
    if (typeof value !== 'string') {
      this.issue(typeof value === 'number' ? `text (write it as ${JSON.stringify(String(value))})` : 'text');
      return undefined;
    }
    const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern } = rule;
    // Schemas count characters, not UTF-16 units.
    const length =
      value.length > maxLength || value.length < minLength * 2 ? [...value].length : value.length;
    if (length < minLength) this.issue(`at least ${minLength} characters`, `${length}`);
    if (length > maxLength) this.issue(`at most ${maxLength} characters`, `${length}`);
    // Not on what is too long: a pattern's time may grow with the square of the length.
    if (pattern !== undefined && length <= maxLength && !pattern.test(value))
      this.issue(`text matching ${pattern.source}`);
    return value;
  }

  oneOf<T extends string>(values: readonly T[]): T | undefined {
    if (!this.present) return undefined;
    const found = values.find((value) => value === this.#parts.value);
    if (found === undefined) this.issue(`one of ${values.join(', ')}`);
    return found;
  }

  boolean(): boolean | undefined {
    const { value } = this.#parts;
    if (!this.present) return undefined;
    if (typeof value === 'boolean') return value;
    this.issue('true or false');
    return undefined;
  }

  integer(range?: { readonly minimum: number; readonly maximum: number }): number | undefined {
    const { value } = this.#parts;
    if (!this.present) return undefined;
    const { minimum, maximum } = range ?? { minimum: -(2 ** 53), maximum: 2 ** 53 };
    if (typeof value !== 'number' || !Number.isInteger(value) || value < minimum || value > maximum) {
      const upTo = maximum < Number.MAX_SAFE_INTEGER ? ` to ${maximum}` : '';
      this.issue(range === undefined ? 'a whole number' : `a whole number from ${minimum}${upTo}`);
      return undefined;
    }
    return value;
  }

  texts(rule: TextRule & { readonly maxItems?: number } = {}): readonly string[] {
    return this.items(rule.maxItems).flatMap((item) => {
      if (item.value === null || item.value === undefined) item.issue('text');
      const text = item.text(rule);
      return text === undefined ? [] : [text];
    });
  }

  textMap(): ReadonlyMap<string, string> {
    const map = new Map<string, string>();
    for (const [name, field] of this.entries()) {
      const text = field.value === null ? '' : field.text();
      if (text !== undefined) map.set(name, text);
    }
    return map;
  }

  holding(value: unknown): Field {
    return new ObjectField({ ...this.#parts, value });
  }

  issue(expected: string, got: string = describe(this.#parts.value)): void {
    this.#parts.issues.push({ path: this.#parts.path, expected, got });
  }

  notice(expected: string, got: string): void {
    const { path, options } = this.#parts;
    options.notices?.push({ path, expected, got });
  }

  #child(part: string | number, value: unknown): Field {
    return new ObjectField({ ...this.#parts, path: [...this.#parts.path, part], value });
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as a person would recognise it, cut where it gets long. */
function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isObject(value)) return 'an object';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}…`;
}

const LONGEST_SHOWN = 80;
