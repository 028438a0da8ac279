import type { Field, TextRule } from '../../../fields/index.ts';
import { HEADER_NAME, int32From, parseSet } from '../../name-rules.ts';

/** Lists as they were written; `*` stands for all. */
export interface Cors {
  readonly allowOrigins: readonly string[];
  readonly allowCredentials: boolean;
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly maxAgeSeconds: number;
}

/** `*` stands alone in its list; `maxAge` is 5 seconds where it is not given. */
export function parseCors(field: Field): Cors {
  field.object([
    'allowOrigins',
    'allowCredentials',
    'allowMethods',
    'allowHeaders',
    'exposeHeaders',
    'maxAge',
  ]);
  return {
    allowOrigins: alone(field.key('allowOrigins'), 64, (item) => item.text(ORIGIN)),
    allowCredentials: field.key('allowCredentials').boolean() ?? false,
    allowMethods: alone(field.key('allowMethods'), 9, (item) => item.oneOf(METHODS)),
    allowHeaders: alone(field.key('allowHeaders'), 64, (item) => item.text(HEADER_NAME)),
    exposeHeaders: parseSet(field.key('exposeHeaders'), 64, (item) => item.text(HEADER_NAME)),
    maxAgeSeconds: field.key('maxAge').integer(int32From(1)) ?? 5,
  };
}

/** A list in which `*` makes sense by itself only. */
function alone(
  field: Field,
  maxItems: number,
  parse: (item: Field) => string | undefined,
): readonly string[] {
  const values = parseSet(field, maxItems, parse);
  if (values.includes('*') && values.length > 1) field.issue('nothing beside "*"');
  return values;
}

const METHODS = [
  ...['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'],
  '*',
] as const;
const ORIGIN: TextRule = {
  minLength: 1,
  maxLength: 253,
  pattern: /(^\*$)|(^(http(s)?):\/\/(((\*\.)?([a-zA-Z0-9-]+\.)*[a-zA-Z0-9-]+|\*)(:([0-9]{1,5}))?)$)/,
};
