/** Where a value stands and what is wrong with it. */
export class FieldProblem extends Error {
  readonly path: string;

  constructor(path: string, message: string) {
    super(`${path}: ${message}`);
    this.path = path;
  }
}

/** A value with its path, so that a complaint can say where. Missing values are `undefined`. */
export interface Field {
  readonly path: string;
  readonly value: unknown;
}

/** A whole value, under the path that complaints about it begin with. */
export function fieldOf(value: unknown, path: string): Field {
  return { value, path };
}

/** A member of an object; `undefined` where there is no such member, or no object. */
export function childField(parent: Field, name: string): Field {
  const value = isRecord(parent.value) ? parent.value[name] : undefined;
  return { value, path: parent.path === '' ? name : `${parent.path}.${name}` };
}

/** Throws FieldProblem for anything but an object. */
export function requireObject(field: Field): void {
  if (!isRecord(field.value))
    throw new FieldProblem(field.path, `expected an object, got ${show(field.value)}`);
}

/** The items of a list; an absent one is empty unless `required`. */
export function itemFields(field: Field, required = false): readonly Field[] {
  if (field.value === undefined && !required) return [];
  if (!Array.isArray(field.value))
    throw new FieldProblem(field.path, `expected a list, got ${show(field.value)}`);
  if (required && field.value.length === 0) throw new FieldProblem(field.path, 'expected at least one item');
  return field.value.map((value: unknown, index) => ({ value, path: `${field.path}[${index}]` }));
}

/** Throws FieldProblem for anything but a string, and for the empty one. */
export function requireString(field: Field): void {
  if (typeof field.value !== 'string' || field.value === '')
    throw new FieldProblem(field.path, `expected a non-empty string, got ${show(field.value)}`);
}

/** Throws FieldProblem for what is there and no string. */
export function checkString(field: Field): void {
  if (field.value !== undefined && typeof field.value !== 'string')
    throw new FieldProblem(field.path, `expected a string, got ${show(field.value)} (quote it)`);
}

/** Throws FieldProblem for what is there and no list of strings. */
export function checkStrings(field: Field): void {
  for (const item of itemFields(field)) checkString(item);
}

/** Throws FieldProblem for what is there and no map of strings, such as labels with numbers that nobody quoted. */
export function checkStringMap(field: Field): void {
  if (field.value === undefined || field.value === null) return;
  requireObject(field);
  for (const [key, value] of Object.entries(field.value as object)) {
    if (typeof value !== 'string')
      throw new FieldProblem(`${field.path}["${key}"]`, `expected a string, got ${show(value)} (quote it)`);
  }
}

/** Throws FieldProblem for what is there and no whole number in the range. */
export function checkInteger(field: Field, minimum: number, maximum = Number.MAX_SAFE_INTEGER): void {
  const { value } = field;
  if (value === undefined) return;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < minimum || value > maximum)
    throw new FieldProblem(field.path, `expected a whole number from ${minimum}, got ${show(value)}`);
}

/** Throws FieldProblem for anything but a number from 1 to 65535. */
export function requirePort(field: Field): void {
  const { value } = field;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 0xffff)
    throw new FieldProblem(field.path, `expected a port from 1 to 65535, got ${show(value)}`);
}

/** A port number, or the name of a container port. Throws FieldProblem. */
export function requirePortOrName(field: Field): void {
  if (typeof field.value === 'string' && field.value !== '') return;
  requirePort(field);
}

/** Throws FieldProblem for what is there and not allowed. */
export function checkOneOf(field: Field, allowed: readonly string[]): void {
  if (field.value === undefined) return;
  if (typeof field.value !== 'string' || !allowed.includes(field.value))
    throw new FieldProblem(field.path, `expected one of ${allowed.join(', ')}, got ${show(field.value)}`);
}

/** An object of JSON, and no array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
