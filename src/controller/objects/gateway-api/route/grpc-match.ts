import type { Field } from '../../fields/index.ts';
import { parseNamed } from '../name-rules.ts';
import { type NamedMatch, parseNamedMatch } from './http-match.ts';

/** Which calls are meant: all parts must hold. */
export interface GrpcRouteMatchFields {
  /** Undefined: any. */
  readonly method: GrpcMethodMatch | undefined;
  readonly headers: readonly NamedMatch[];
}

/** Which methods are meant. */
export interface GrpcMethodMatch {
  readonly type: 'Exact' | 'RegularExpression';
  /** Undefined: any; never so in both. */
  readonly service: string | undefined;
  readonly method: string | undefined;
}

/** 16 headers at most, each once. */
export function parseGrpcMatch(field: Field): GrpcRouteMatchFields {
  field.required().object(['method', 'headers']);
  return {
    method: parseMethod(field.key('method')),
    headers: parseNamed(field.key('headers'), 16, (item) => ({
      ...parseNamedMatch(item),
      value: item.key('value').required().text({ minLength: 1, maxLength: 4096 }) ?? '',
    })),
  };
}

function parseMethod(field: Field): GrpcMethodMatch | undefined {
  if (!field.present) return undefined;
  field.object(['type', 'service', 'method']);
  const type = field.key('type').oneOf(['Exact', 'RegularExpression']) ?? 'Exact';
  const exact = type === 'Exact';
  const service = field.key('service').text({ maxLength: 1024, ...(exact ? { pattern: SERVICE } : {}) });
  const method = field.key('method').text({ maxLength: 1024, ...(exact ? { pattern: METHOD } : {}) });
  if (!field.key('service').present && !field.key('method').present) {
    field.issue('one or both of service and method', 'none');
  }
  return { type, service, method };
}

const SERVICE = /^\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*$/i;
const METHOD = /^[A-Za-z_][A-Za-z_0-9]*$/;
