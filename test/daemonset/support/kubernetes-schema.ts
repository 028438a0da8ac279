import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';

interface Schemas {
  readonly from: string;
  readonly kinds: Readonly<Record<string, string>>;
  readonly definitions: Readonly<Record<string, object>>;
}

/**
 * What an API server that is asked to be strict would say of an object: Kubernetes' own schemas
 * (scripts/write-kubernetes-schemas.ts), and no field that they do not know. Undefined: its kind is not among them.
 */
export function schemaFaults(object: {
  readonly apiVersion: string;
  readonly kind: string;
}): readonly string[] | undefined {
  const id = SCHEMAS.kinds[`${object.apiVersion} ${object.kind}`];
  if (id === undefined) return undefined;
  if (AJV.validate(`kubernetes#/definitions/${id}`, object)) return [];
  return (AJV.errors ?? []).map(
    ({ instancePath, message = '', params }) => `${instancePath}: ${message} ${JSON.stringify(params)}`,
  );
}

const SCHEMAS = JSON.parse(readFileSync('test/daemonset/support/kubernetes-schemas.json', 'utf8')) as Schemas;
// Formats such as int32 and int-or-string are Kubernetes' own.
const AJV = new Ajv({ strict: false, allErrors: true, validateFormats: false, unicodeRegExp: false });
AJV.addSchema({ definitions: SCHEMAS.definitions }, 'kubernetes');
