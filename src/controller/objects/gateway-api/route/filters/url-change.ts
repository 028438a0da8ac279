import type { Field } from '../../../fields/index.ts';
import { PORT_NUMBER, PRECISE_HOSTNAME } from '../../name-rules.ts';

/** Undefined parts stay as the request has them. */
export interface UrlRewrite {
  readonly hostname: string | undefined;
  readonly path: PathModifier | undefined;
}

/** Where clients are sent instead. */
export interface RequestRedirect extends UrlRewrite {
  readonly scheme: 'http' | 'https' | undefined;
  readonly port: number | undefined;
  readonly statusCode: number;
}

/** What becomes of the path. */
export interface PathModifier {
  readonly type: 'ReplaceFullPath' | 'ReplacePrefixMatch';
  readonly value: string;
}

/** The hostname must be a precise one: no wildcard. */
export function parseUrlRewrite(field: Field): UrlRewrite {
  field.object(['hostname', 'path']);
  return {
    hostname: field.key('hostname').text(PRECISE_HOSTNAME),
    path: parsePathModifier(field.key('path')),
  };
}

/** 302 where no status is given. */
export function parseRequestRedirect(field: Field): RequestRedirect {
  field.object(['scheme', 'hostname', 'path', 'port', 'statusCode']);
  const statusCode = field.key('statusCode').integer() ?? 302;
  if (!STATUS_CODES.has(statusCode)) field.key('statusCode').issue(`one of ${[...STATUS_CODES].join(', ')}`);
  return {
    scheme: field.key('scheme').oneOf(['http', 'https']),
    hostname: field.key('hostname').text(PRECISE_HOSTNAME),
    path: parsePathModifier(field.key('path')),
    port: field.key('port').integer(PORT_NUMBER),
    statusCode,
  };
}

function parsePathModifier(field: Field): PathModifier | undefined {
  if (!field.present) return undefined;
  field.object(['type', 'replaceFullPath', 'replacePrefixMatch']);
  const type = field.key('type').required().oneOf(['ReplaceFullPath', 'ReplacePrefixMatch']);
  const full = field.key('replaceFullPath');
  const prefix = field.key('replacePrefixMatch');
  const [own, other] = type === 'ReplacePrefixMatch' ? [prefix, full] : [full, prefix];
  if (other.present) other.issue(`nothing beside the type ${String(type)}`);
  return { type: type ?? 'ReplaceFullPath', value: own.required().text({ maxLength: 1024 }) ?? '' };
}

const STATUS_CODES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
