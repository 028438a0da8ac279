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

export function fieldOf(value: unknown, path: string): Field {
  return { value, path };
}

export function child(parent: Field, name: string): Field {
  const value = isRecord(parent.value) ? parent.value[name] : undefined;
  return { value, path: parent.path === '' ? name : `${parent.path}.${name}` };
}

export function requireObject(field: Field): void {
  if (!isRecord(field.value))
    throw new FieldProblem(field.path, `expected an object, got ${show(field.value)}`);
}

/** The items of a list; an absent one is empty unless `required`. */
export function items(field: Field, required = false): readonly Field[] {
  if (field.value === undefined && !required) return [];
  if (!Array.isArray(field.value))
    throw new FieldProblem(field.path, `expected a list, got ${show(field.value)}`);
  if (required && field.value.length === 0) throw new FieldProblem(field.path, 'expected at least one item');
  return field.value.map((value: unknown, index) => ({ value, path: `${field.path}[${index}]` }));
}

export function requireString(field: Field): void {
  if (typeof field.value !== 'string' || field.value === '')
    throw new FieldProblem(field.path, `expected a non-empty string, got ${show(field.value)}`);
}

export function optionalString(field: Field): void {
  if (field.value !== undefined && typeof field.value !== 'string')
    throw new FieldProblem(field.path, `expected a string, got ${show(field.value)} (quote it)`);
}

export function strings(field: Field): void {
  for (const item of items(field)) optionalString(item);
}

export function stringMap(field: Field): void {
  if (field.value === undefined || field.value === null) return;
  requireObject(field);
  for (const [key, value] of Object.entries(field.value as object)) {
    if (typeof value !== 'string')
      throw new FieldProblem(`${field.path}["${key}"]`, `expected a string, got ${show(value)} (quote it)`);
  }
}

export function integer(field: Field, minimum: number, maximum = Number.MAX_SAFE_INTEGER): void {
  const { value } = field;
  if (value === undefined) return;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < minimum || value > maximum)
    throw new FieldProblem(field.path, `expected a whole number from ${minimum}, got ${show(value)}`);
}

export function requirePort(field: Field): void {
  const { value } = field;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 0xffff)
    throw new FieldProblem(field.path, `expected a port from 1 to 65535, got ${show(value)}`);
}

export function portOrName(field: Field): void {
  if (typeof field.value === 'string' && field.value !== '') return;
  requirePort(field);
}

export function oneOf(field: Field, allowed: readonly string[]): void {
  if (field.value === undefined) return;
  if (typeof field.value !== 'string' || !allowed.includes(field.value))
    throw new FieldProblem(field.path, `expected one of ${allowed.join(', ')}, got ${show(field.value)}`);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
