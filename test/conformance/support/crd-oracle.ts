import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { Environment } from '@marcbachmann/cel-js';
import { Ajv, type ValidateFunction } from 'ajv';
import ajvFormats from 'ajv-formats';
import { parse } from 'yaml';

/** A structural schema of a CustomResourceDefinition, as far as the gateway API uses one. */
export interface Schema {
  readonly type?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string; readonly message?: string }[];
}

export interface CrdOracle {
  /** Of the version that the object has. */
  schemaOf(object: Values): Schema | undefined;
  /** What an API server would refuse the object for on creation; empty: it would take it. */
  faults(object: Values): readonly string[];
}

export type Values = Readonly<Record<string, unknown>>;

/** An API server's admission by one CustomResourceDefinition: defaults, schema, list types, CEL. */
export function createCrdOracle(file: string): CrdOracle {
  const definition = parse(readFileSync(file, 'utf8')) as {
    readonly spec: {
      readonly group: string;
      readonly versions: readonly {
        readonly name: string;
        readonly schema: { readonly openAPIV3Schema: Schema };
      }[];
    };
  };
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true });
  ajvFormats.default(ajv);
  const { group, versions } = definition.spec;
  const byApiVersion = new Map<unknown, { readonly schema: Schema; readonly validate: ValidateFunction }>(
    versions.map(({ name, schema: { openAPIV3Schema: schema } }) => [
      `${group}/${name}`,
      { schema, validate: ajv.compile(schema as object) },
    ]),
  );
  return {
    schemaOf: (object) => byApiVersion.get(object.apiVersion)?.schema,
    faults(object) {
      const version = byApiVersion.get(object.apiVersion);
      if (version === undefined) return [`unknown version ${String(object.apiVersion)}`];
      // The status is another resource's.
      const { status: _status, ...rest } = object;
      const whole = withDefaults(version.schema, rest) as Values;
      const { validate } = version;
      if (!validate(whole)) {
        return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
      }
      const lists = listFaults(version.schema, whole, '');
      return lists.length > 0 ? lists : ruleFaults(version.schema, whole, '');
    },
  };
}

/** Null stands for nothing, except among a list's items; then defaults are filled in from the outside inwards. */
function withDefaults(schema: Schema, value: unknown): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((item: unknown) => withDefaults(items, item));
  }
  if (!isValues(value)) return value;
  const result: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    const known = schema.properties?.[name] ?? schema.additionalProperties;
    if (member === null || known === undefined) {
      if (member !== null) result[name] = member;
    } else result[name] = withDefaults(known, member);
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (property.default !== undefined && !Object.hasOwn(result, name)) {
      result[name] = withDefaults(property, structuredClone(property.default));
    }
  }
  return result;
}

function listFaults(schema: Schema, value: unknown, path: string): readonly string[] {
  const own: string[] = [];
  if (Array.isArray(value)) {
    const keys = schema['x-kubernetes-list-map-keys'] ?? [];
    const ids = value.map((item: unknown) =>
      schema['x-kubernetes-list-type'] === 'map'
        ? JSON.stringify(keys.map((key) => (item as Values)[key]))
        : JSON.stringify(item),
    );
    const unique = schema['x-kubernetes-list-type'] === 'map' || schema['x-kubernetes-list-type'] === 'set';
    if (unique && new Set(ids).size < ids.length) own.push(`${path} has duplicates`);
  }
  return [...own, ...membersOf(schema, value, path).flatMap((member) => listFaults(...member))];
}

function ruleFaults(schema: Schema, value: unknown, path: string): readonly string[] {
  const own = (schema['x-kubernetes-validations'] ?? []).flatMap(({ rule, message }) => {
    if (rule.includes('oldSelf')) return [];
    try {
      return evaluate(rule, value) === true ? [] : [`${path} ${message ?? rule}`];
    } catch (error) {
      // A member that is not there refuses; anything else is this evaluator's own trouble.
      if (!/no such key/i.test(String(error))) throw error;
      return [`${path} ${message ?? rule} (${String(error)})`];
    }
  });
  return [...own, ...membersOf(schema, value, path).flatMap((member) => ruleFaults(...member))];
}

function membersOf(schema: Schema, value: unknown, path: string): readonly [Schema, unknown, string][] {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? [] : value.map((item: unknown, index) => [items, item, `${path}[${index}]`]);
  }
  if (!isValues(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const known = schema.properties?.[name] ?? schema.additionalProperties;
    return known === undefined ? [] : [[known, member, `${path}.${name}`] as [Schema, unknown, string]];
  });
}

const compiled = new Map<string, (context: { readonly self: unknown }) => unknown>();
const environment = new Environment({ unlistedVariablesAreDyn: true }).registerFunction(
  'isIP(dyn): bool',
  (text: unknown) => typeof text === 'string' && isIP(text) !== 0,
);

function evaluate(rule: string, self: unknown): unknown {
  let program = compiled.get(rule);
  if (program === undefined) {
    program = environment.parse(inDialect(rule));
    compiled.set(rule, program);
  }
  return program({ self: celValue(self) });
}

/** What the evaluator does not understand, in other words: `has()` of an indexed member, and a flag of RE2. */
function inDialect(rule: string): string {
  return rule
    .replaceAll(/has\((\w+(?:\.\w+)*\[\d+\])\.(\w+)\)/g, "('$2' in $1)")
    .replace(/\^\(\?i\)([^"]*)/, (_, rest: string) => `^${rest.replaceAll('[a-z', '[A-Za-z')}`);
}

/** Whole numbers are integers to CEL, and `namespace` is one of its reserved words. */
function celValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(celValue);
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  if (!isValues(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name === 'namespace' ? '__namespace__' : name,
      celValue(member),
    ]),
  );
}

function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
