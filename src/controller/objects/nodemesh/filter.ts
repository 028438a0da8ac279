import type { Field } from '../fields/index.ts';
import { type ObjectMeta, parseObjectMeta } from '../object-meta.ts';
import { parseDuration } from './duration.ts';
import { SUBDOMAIN } from './name-pattern.ts';
import { parseTargetReferences, type TargetReference } from './target-reference.ts';

/** nodemesh.io Filter. */
export interface FilterObject {
  readonly kind: 'Filter';
  readonly meta: ObjectMeta;
  readonly targets: readonly TargetReference[];
  readonly source: FilterSourceObject;
  /** JSON text of an object. */
  readonly config: string;
  readonly bodyAccess: (typeof BODY_ACCESS)[number];
  readonly maximumBodyBytes: number;
  readonly timeLimitMs: number;
  readonly memoryBytes: number;
  readonly failure: 'Open' | 'Closed';
}

/** Where the module's text is. */
export type FilterSourceObject =
  | { readonly kind: 'inline'; readonly text: string }
  /** A ConfigMap of the same namespace. */
  | { readonly kind: 'config-map'; readonly name: string; readonly key: string };

/** Accepts exactly what our CustomResourceDefinition does, and no unknown fields. */
export function parseFilter(root: Field, defaultNamespace: string): FilterObject {
  const meta = parseObjectMeta(root, { fallback: defaultNamespace });
  const spec = root
    .key('spec')
    .required()
    .object(['targetRefs', 'source', 'config', 'body', 'limits', 'failure']);
  const body = spec.key('body').object(['access', 'maxBytes']);
  const limits = spec.key('limits').object(['time', 'memory']);
  return {
    kind: 'Filter',
    meta,
    targets: parseTargetReferences(spec.key('targetRefs')),
    source: parseSource(spec.key('source').required()),
    config: JSON.stringify(spec.key('config').object().value ?? {}),
    bodyAccess: body.key('access').oneOf(BODY_ACCESS) ?? 'None',
    maximumBodyBytes: body.key('maxBytes').integer({ minimum: 1, maximum: 16 * MIB }) ?? 65_536,
    timeLimitMs: parseDuration(limits.key('time'), { minimum: '1ms', maximum: '10s' }) ?? 50,
    memoryBytes: parseMemory(limits.key('memory')) ?? 64 * MIB,
    failure: spec.key('failure').oneOf(['Open', 'Closed']) ?? 'Closed',
  };
}

function parseSource(field: Field): FilterSourceObject {
  field.object(['inline', 'configMapRef']);
  const inline = field.key('inline');
  const reference = field.key('configMapRef').object(['name', 'key']);
  if (field.present && inline.present === reference.present)
    field.issue('exactly one of inline and configMapRef', inline.present ? 'both' : 'neither');
  const text = inline.text({ minLength: 1, maxLength: 262_144 });
  if (!reference.present) return { kind: 'inline', text: text ?? '' };
  return {
    kind: 'config-map',
    name: reference.key('name').required().text({ minLength: 1, maxLength: 253, pattern: SUBDOMAIN }) ?? '',
    key: reference.key('key').required().text({ minLength: 1, maxLength: 253, pattern: DATA_KEY }) ?? '',
  };
}

function parseMemory(field: Field): number | undefined {
  const text = field.text();
  if (text === undefined) return undefined;
  const mebibytes = Number(/^([1-9]\d{1,3})Mi$/.exec(text)?.[1]);
  if (mebibytes >= 16 && mebibytes <= 1024) return mebibytes * MIB;
  field.issue('an amount of memory from 16Mi to 1024Mi');
  return undefined;
}

const BODY_ACCESS = ['None', 'Request', 'Response', 'Both'] as const;
const DATA_KEY = /^[-._a-zA-Z0-9]+$/;
const MIB = 1024 * 1024;
