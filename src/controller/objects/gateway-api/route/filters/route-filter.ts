import type { Field } from '../../../fields/index.ts';
import { type LocalReference, parseLocalReference } from '../../name-rules.ts';
import { type Cors, parseCors } from './cors.ts';
import { checkExternalAuth } from './external-auth.ts';
import { type HeaderModifier, parseHeaderModifier } from './header-modifier.ts';
import { parseRequestMirror, type RequestMirror } from './request-mirror.ts';
import {
  parseRequestRedirect,
  parseUrlRewrite,
  type RequestRedirect,
  type UrlRewrite,
} from './url-change.ts';

/** One filter of a rule or a backend. */
export type RouteFilter =
  | ({ readonly type: 'RequestHeaderModifier' | 'ResponseHeaderModifier' } & HeaderModifier)
  | ({ readonly type: 'RequestMirror' } & RequestMirror)
  | ({ readonly type: 'RequestRedirect' } & RequestRedirect)
  | ({ readonly type: 'URLRewrite' } & UrlRewrite)
  | ({ readonly type: 'CORS' } & Cors)
  | { readonly type: 'ExtensionRef'; readonly reference: LocalReference }
  | { readonly type: 'ExternalAuth' };

type FilterType = RouteFilter['type'];

/** Of an HTTPRoute. */
export function parseHttpFilters(field: Field): readonly RouteFilter[] {
  const filters = parseFilters(field, HTTP_FILTERS);
  const has = (type: FilterType): boolean => filters.some((filter) => filter.type === type);
  if (has('RequestRedirect') && has('URLRewrite')) {
    field.issue('only one of RequestRedirect and URLRewrite', 'both');
  }
  return filters;
}

/** Of a GRPCRoute. */
export function parseGrpcFilters(field: Field): readonly RouteFilter[] {
  return parseFilters(field, GRPC_FILTERS);
}

function parseFilters(field: Field, known: readonly FilterType[]): readonly RouteFilter[] {
  const seen = new Set<FilterType>();
  return field.items(16).flatMap((item) => {
    const filter = parseFilter(item, known);
    if (filter === undefined) return [];
    if (seen.has(filter.type) && !REPEATABLE.has(filter.type))
      item.issue(`only one filter of type ${filter.type}`);
    seen.add(filter.type);
    return [filter];
  });
}

function parseFilter(field: Field, known: readonly FilterType[]): RouteFilter | undefined {
  field.required().object(['type', ...known.map((type) => MEMBERS[type])]);
  const type = field.key('type').required().oneOf(known);
  for (const other of known) {
    const member = field.key(MEMBERS[other]);
    if (other !== type && member.present) member.issue(`nothing beside the type ${String(type)}`);
  }
  return type === undefined ? undefined : parseOfType(type, field.key(MEMBERS[type]).required());
}

function parseOfType(type: FilterType, field: Field): RouteFilter {
  switch (type) {
    case 'RequestHeaderModifier':
    case 'ResponseHeaderModifier':
      return { type, ...parseHeaderModifier(field) };
    case 'RequestMirror':
      return { type, ...parseRequestMirror(field) };
    case 'RequestRedirect':
      return { type, ...parseRequestRedirect(field) };
    case 'URLRewrite':
      return { type, ...parseUrlRewrite(field) };
    case 'CORS':
      return { type, ...parseCors(field) };
    case 'ExtensionRef':
      return { type, reference: parseLocalReference(field) };
    case 'ExternalAuth':
      checkExternalAuth(field);
      return { type };
  }
}

const MEMBERS: Readonly<Record<FilterType, string>> = {
  RequestHeaderModifier: 'requestHeaderModifier',
  ResponseHeaderModifier: 'responseHeaderModifier',
  RequestMirror: 'requestMirror',
  RequestRedirect: 'requestRedirect',
  URLRewrite: 'urlRewrite',
  CORS: 'cors',
  ExtensionRef: 'extensionRef',
  ExternalAuth: 'externalAuth',
};
const GRPC_FILTERS: readonly FilterType[] = [
  'RequestHeaderModifier',
  'ResponseHeaderModifier',
  'RequestMirror',
  'ExtensionRef',
];
const HTTP_FILTERS: readonly FilterType[] = [
  ...GRPC_FILTERS,
  'RequestRedirect',
  'URLRewrite',
  'CORS',
  'ExternalAuth',
];
const REPEATABLE: ReadonlySet<FilterType> = new Set(['RequestMirror', 'ExtensionRef', 'ExternalAuth']);
