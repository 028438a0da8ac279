import { readFileSync } from 'node:fs';
import { evaluate } from '@marcbachmann/cel-js';
import { Ajv } from 'ajv';
import addFormatsModule from 'ajv-formats';
import { parse } from 'yaml';

type Json = Readonly<Record<string, unknown>>;

/** What an API server that has our CustomResourceDefinition says to an object: everything that is wrong with it. */
export type CrdVerdict = (object: unknown) => readonly string[];

/**
 * The schema and the CEL rules of one version of a CustomResourceDefinition, judged as an API server does: unknown fields
 * refused (strict field validation), then defaults filled in, then the rules.
 */
export function loadCrd(path: string, version: string): CrdVerdict {
  const crd = parse(readFileSync(path, 'utf8')) as {
    readonly spec: { readonly versions: readonly { readonly name: string; readonly schema: Json }[] };
  };
  const found = crd.spec.versions.find(({ name }) => name === version);
  if (found === undefined) throw new Error(`${path} has no version ${version}`);
  const root = found.schema.openAPIV3Schema as Json;
  const ajv = new Ajv({ strict: false, allErrors: true, useDefaults: true });
  addFormats(ajv);
  const validate = ajv.compile(closed(root));
  return (object) => {
    const copy = structuredClone(object);
    if (!validate(copy))
      return (validate.errors ?? []).map(
        ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
      );
    return brokenRules(root, copy, '');
  };
}

// A CommonJS module whose types claim to be an ES module.
const addFormats = addFormatsModule as unknown as (ajv: Ajv) => void;

/** The same schema without room for fields that it does not name. */
function closed(schema: Json): Json {
  const { properties, items, additionalProperties, ...rest } = schema;
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true;
  return {
    ...rest,
    ...(additionalProperties === undefined
      ? {}
      : { additionalProperties: closed(additionalProperties as Json) }),
    ...(items === undefined ? {} : { items: closed(items as Json) }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties as Readonly<Record<string, Json>>).map(([name, property]) => [
              name,
              closed(property),
            ]),
          ),
          ...(isOpen ? {} : { additionalProperties: false }),
        }),
  };
}

function brokenRules(schema: Json, value: unknown, path: string): readonly string[] {
  if (value === undefined) return [];
  const rules = (schema['x-kubernetes-validations'] ?? []) as readonly {
    readonly rule: string;
    readonly message: string;
  }[];
  const own = rules.flatMap(({ rule, message }) =>
    evaluate(rule, { self: value }) === true ? [] : [`${path} ${message}`],
  );
  return [...own, ...repetitions(schema, value, path), ...childrenOf(schema, value, path)];
}

/** Lists that are sets, or maps by some of their items' members. */
function repetitions(schema: Json, value: unknown, path: string): readonly string[] {
  const type = schema['x-kubernetes-list-type'];
  if (!Array.isArray(value) || (type !== 'set' && type !== 'map')) return [];
  const keys = (schema['x-kubernetes-list-map-keys'] ?? []) as readonly string[];
  const ids = value.map((item: unknown) =>
    JSON.stringify(type === 'set' ? item : keys.map((key) => (item as Json)[key])),
  );
  return ids.flatMap((id, index) => (ids.indexOf(id) === index ? [] : [`${path}/${index} is there already`]));
}

function childrenOf(schema: Json, value: unknown, path: string): readonly string[] {
  if (Array.isArray(value) && schema.items !== undefined)
    return value.flatMap((item: unknown, index) =>
      brokenRules(schema.items as Json, item, `${path}/${index}`),
    );
  if (typeof value !== 'object' || value === null || schema.properties === undefined) return [];
  return Object.entries(schema.properties as Readonly<Record<string, Json>>).flatMap(([name, property]) =>
    brokenRules(property, (value as Json)[name], `${path}/${name}`),
  );
}
