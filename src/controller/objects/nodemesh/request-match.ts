import type { Field } from '../fields/index.ts';
import { FIELD_NAME, LABEL, SUBDOMAIN } from './name-pattern.ts';

/** Which requests a rule is for, as it was written: all parts of it must hold. */
export interface RequestMatch {
  readonly method: string | undefined;
  readonly path: { readonly type: (typeof PATH_TYPES)[number]; readonly value: string } | undefined;
  readonly headers: readonly HeaderMatch[];
  readonly client: { readonly namespace: string; readonly serviceAccount: string | undefined } | undefined;
}

/** What a header must be. */
export interface HeaderMatch {
  readonly name: string;
  readonly type: (typeof HEADER_TYPES)[number];
  /** Empty for types without one. */
  readonly value: string;
}

/** `matches` of a rule; empty: every request. */
export function parseRequestMatches(field: Field): readonly RequestMatch[] {
  const items = field.items(16);
  if (field.present && items.length === 0) field.issue('at least one match', 'none');
  return items.map(parseRequestMatch);
}

function parseRequestMatch(field: Field): RequestMatch {
  field.required().object(['method', 'path', 'headers', 'client']);
  if (field.present && field.entries().length === 0) field.issue('something to match', 'nothing');
  return {
    method: field.key('method').oneOf(METHODS),
    path: parsePath(field.key('path')),
    headers: parseHeaders(field.key('headers')),
    client: parseClient(field.key('client')),
  };
}

function parsePath(field: Field): RequestMatch['path'] {
  if (!field.present) return undefined;
  field.object(['type', 'value']);
  const type = field.key('type').oneOf(PATH_TYPES) ?? 'PathPrefix';
  const value = field.key('value').required();
  const text = value.text({ minLength: 1, maxLength: 1024 }) ?? '';
  if (type !== 'RegularExpression' && !text.startsWith('/')) value.issue('a path that begins with /');
  return { type, value: text };
}

function parseHeaders(field: Field): readonly HeaderMatch[] {
  const items = field.items(16);
  if (field.present && items.length === 0) field.issue('at least one header', 'none');
  return items.map((item) => {
    item.required().object(['name', 'type', 'value']);
    const type = item.key('type').oneOf(HEADER_TYPES) ?? 'Exact';
    const value = item.key('value');
    const hasValue = type === 'Exact' || type === 'RegularExpression';
    if (hasValue) value.required();
    else if (value.present) value.issue(`no value beside the type ${type}`);
    return {
      name: parseFieldName(item.key('name').required()),
      type,
      value: value.text({ maxLength: 4096 }) ?? '',
    };
  });
}

function parseClient(field: Field): RequestMatch['client'] {
  if (!field.present) return undefined;
  field.object(['namespace', 'serviceAccount']);
  return {
    namespace: field.key('namespace').required().text({ minLength: 1, maxLength: 63, pattern: LABEL }) ?? '',
    serviceAccount: field.key('serviceAccount').text({ minLength: 1, maxLength: 253, pattern: SUBDOMAIN }),
  };
}

/** The name of a header, as it was written; empty when it is none. */
export function parseFieldName(field: Field): string {
  return field.text({ minLength: 1, maxLength: 256, pattern: FIELD_NAME }) ?? '';
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'] as const;
const PATH_TYPES = ['Exact', 'PathPrefix', 'RegularExpression'] as const;
const HEADER_TYPES = ['Exact', 'RegularExpression', 'Present', 'Absent'] as const;
