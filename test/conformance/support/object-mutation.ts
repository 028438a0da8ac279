import fc, { type GeneratorValue } from 'fast-check';
import type { Schema, Values } from './crd-oracle.ts';

/**
 * Changes an object in one to three places below `spec`, by what its schema says may stand there: members come and go, take
 * values at and beyond their limits, and lists grow, shrink and repeat themselves.
 */
export function mutate(g: GeneratorValue, schema: Schema, object: Values): Values {
  let spec: unknown = object.spec;
  const specSchema = schema.properties?.spec ?? {};
  const times = g(fc.integer, { min: 1, max: 3 });
  for (let done = 0; done < times; done++) spec = change(g, specSchema, spec);
  return { ...object, spec };
}

function change(g: GeneratorValue, schema: Schema, value: unknown): unknown {
  const deeper = !isLeaf(value) && g(fc.integer, { min: 0, max: 5 }) > 0;
  if (Array.isArray(value)) return changeList(g, schema, value, deeper);
  if (isValues(value)) return changeObject(g, schema, value, deeper);
  return candidate(g, schema);
}

function changeList(g: GeneratorValue, schema: Schema, list: readonly unknown[], deeper: boolean): unknown {
  const items = schema.items ?? {};
  const index = list.length === 0 ? 0 : g(fc.nat, { max: list.length - 1 });
  if (deeper && list.length > 0) return list.with(index, change(g, items, list[index]));
  switch (g(fc.nat, { max: 5 })) {
    case 0:
      return list.toSpliced(index, 1);
    case 1:
      return [...list, list[index] ?? candidate(g, items)];
    case 2:
      // One more than may be.
      return Array.from(
        { length: Math.min(schema.maxItems ?? 20, 70) + 1 },
        () => list[index] ?? candidate(g, items),
      );
    case 3:
      return [...list, change(g, items, list[index])];
    case 4:
      return [...list, candidate(g, items)];
    default:
      return candidate(g, schema);
  }
}

function changeObject(g: GeneratorValue, schema: Schema, value: Values, deeper: boolean): unknown {
  const present = Object.keys(value);
  if (deeper && present.length > 0) {
    const name = g(fc.constantFrom, ...present);
    return { ...value, [name]: change(g, schemaOf(schema, name), value[name]) };
  }
  const possible = Object.keys(schema.properties ?? {});
  switch (g(fc.nat, { max: 4 })) {
    case 0: {
      if (present.length === 0) return value;
      const { [g(fc.constantFrom, ...present)]: _gone, ...rest } = value;
      return rest;
    }
    case 1:
      return { ...value, misspelt: 1 };
    case 2:
      return candidate(g, schema);
    default: {
      if (possible.length === 0) return { ...value, [g(fc.constantFrom, ...KEYS)]: 'x' };
      const name = g(fc.constantFrom, ...possible);
      return { ...value, [name]: candidate(g, schemaOf(schema, name)) };
    }
  }
}

/** Something that the schema asks for, or at times nearly so. */
function candidate(g: GeneratorValue, schema: Schema): unknown {
  if (g(fc.nat, { max: 19 }) === 0) return g(fc.constantFrom, 1, 'x', true, [], {}, 1.5);
  if (schema.enum !== undefined && g(fc.nat, { max: 9 }) > 0) return g(fc.constantFrom, ...schema.enum);
  switch (schema.type) {
    case 'boolean':
      return g(fc.boolean);
    case 'integer':
      return g(
        fc.constantFrom,
        schema.minimum ?? 0,
        schema.maximum ?? 100,
        80,
        8080,
        503,
        0,
        -1,
        2 ** 31,
        1e6 + 1,
      );
    case 'array':
      return Array.from({ length: g(fc.nat, { max: 2 }) }, () => candidate(g, schema.items ?? {}));
    case 'object': {
      if (schema.additionalProperties !== undefined) {
        return { [g(fc.constantFrom, ...KEYS)]: candidate(g, schema.additionalProperties) };
      }
      const members = Object.entries(schema.properties ?? {}).filter(
        ([name]) => (schema.required ?? []).includes(name) || g(fc.nat, { max: 2 }) === 0,
      );
      return Object.fromEntries(members.map(([name, member]) => [name, candidate(g, member)]));
    }
    default:
      return g(
        fc.constantFrom,
        ...TEXTS,
        'a'.repeat(64),
        'a'.repeat(254),
        'a'.repeat(1025),
        '/'.concat('a'.repeat(1024)),
      );
  }
}

function schemaOf(schema: Schema, name: string): Schema {
  return schema.properties?.[name] ?? schema.additionalProperties ?? {};
}

function isLeaf(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}

function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const KEYS = [
  'a',
  'example.com/a',
  'Example.com/a',
  '-a',
  '',
  `${'a'.repeat(253)}/a`,
  'a'.repeat(64),
] as const;
const TEXTS = [
  ...[
    '',
    'a',
    'A',
    'a.b',
    '*.a.b',
    '*',
    '*a',
    '10.0.0.1',
    '::1',
    'example.com',
    '-a',
    'a-',
    'a_b',
    'Service',
    'Gateway',
  ],
  ...[
    'gateway.networking.k8s.io',
    'example.com/a',
    'example.com/A~',
    'Hostname',
    'IPAddress',
    'NamedAddress',
    'HBONE',
  ],
  ...[
    '/',
    '/a',
    '//',
    '/a/./b',
    '/a/../b',
    '/a/..',
    '/a/.',
    '/%2f',
    '/%2F',
    '/#',
    '/a b',
    '/%zz',
    '/%20',
    'a/b',
  ],
  ...[
    '0s',
    '1ms',
    '1h30m',
    '10s',
    '9999999s',
    '1x',
    '1h1h1h1h1h',
    'https://a.b',
    'http://*',
    'https://*.a:443',
    'ftp://a',
  ],
  ...[
    'GET',
    'get',
    'PathPrefix',
    'RequestRedirect',
    'URLRewrite',
    'CORS',
    'ReplacePrefixMatch',
    'x-a',
    'x y',
    ' x',
    'x\ty',
  ],
  ...[
    'foo.Bar',
    '.foo',
    'foo..bar',
    'HTTP',
    'HTTPS',
    'TLS',
    'TCP',
    'UDP',
    'Terminate',
    'Passthrough',
    'é',
    '日本',
  ],
] as const;
