/** A JSON Schema (2020-12), as OpenAPI 3.1 takes it. */
export interface Schema {
  readonly [keyword: string]: unknown;
}

/** Of a field that may be absent. */
export interface OptionalSchema {
  readonly optional: Schema;
}

/** A schema for each field of `T`, so that the compiler finds one that is missing; what may be undefined must be optional. */
export type FieldsOf<T> = {
  readonly [Field in keyof T]-?: undefined extends T[Field] ? OptionalSchema : Schema;
};

/** All fields are required but those marked `optional`, and there are no others. */
export function objectOf<T>(fields: FieldsOf<T>, description?: string): Schema {
  const properties: Record<string, Schema> = {};
  const required: string[] = [];
  for (const [name, field] of Object.entries<Schema | OptionalSchema>(fields)) {
    if (isOptional(field)) properties[name] = field.optional;
    else {
      properties[name] = field;
      required.push(name);
    }
  }
  return {
    type: 'object',
    ...(description === undefined ? {} : { description }),
    properties,
    required,
    additionalProperties: false,
  };
}

/** Marks a field that may be absent. */
export function optional(schema: Schema): OptionalSchema {
  return { optional: schema };
}

/** Of any length. */
export function listOf(items: Schema): Schema {
  return { type: 'array', items };
}

/** An object whose members' names are data. */
export function mapOf(values: Schema): Schema {
  return { type: 'object', additionalProperties: values };
}

/** A reference to one of the document's schemas, which must be there. */
export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

/** Any text, the empty one too. */
export function text(description?: string): Schema {
  return described({ type: 'string' }, description);
}

/** One of these texts. */
export function oneOf(...values: readonly string[]): Schema {
  return { type: 'string', enum: values };
}

/** True or false. */
export function flag(description?: string): Schema {
  return described({ type: 'boolean' }, description);
}

/** A whole number that is not negative. */
export function count(description?: string): Schema {
  return described({ type: 'integer', minimum: 0 }, description);
}

/** Any number that is not negative. */
export function amount(description?: string): Schema {
  return described({ type: 'number', minimum: 0 }, description);
}

/** Any number. */
export function signed(description?: string): Schema {
  return described({ type: 'number' }, description);
}

/** Milliseconds since 1970. */
export function time(description = 'Milliseconds since 1970.'): Schema {
  return { type: 'number', description };
}

/** From 0 to 1. */
export function share(description?: string): Schema {
  return described({ type: 'number', minimum: 0, maximum: 1 }, description);
}

function described(schema: Schema, description: string | undefined): Schema {
  return description === undefined ? schema : { ...schema, description };
}

function isOptional(field: Schema | OptionalSchema): field is OptionalSchema {
  return 'optional' in field;
}
