import type { Field } from '../../fields/index.ts';
import { HEADER_NAME, HEADER_VALUE, parseNamed } from '../name-rules.ts';

/** Which requests are meant: all parts must hold. */
export interface HttpRouteMatchFields {
  readonly path: HttpPathMatch;
  readonly method: string | undefined;
  readonly headers: readonly NamedMatch[];
  readonly queryParams: readonly NamedMatch[];
}

/** Which paths are meant; `/` as PathPrefix where nothing is said. */
export interface HttpPathMatch {
  readonly type: 'Exact' | 'PathPrefix' | 'RegularExpression';
  readonly value: string;
}

/** Names as they were written. */
export interface NamedMatch {
  readonly type: 'Exact' | 'RegularExpression';
  readonly name: string;
  readonly value: string;
}

/** 16 headers and 16 parameters at most, each once. */
export function parseHttpMatch(field: Field): HttpRouteMatchFields {
  field.required().object(['path', 'method', 'headers', 'queryParams']);
  return {
    path: parsePath(field.key('path')),
    method: field.key('method').oneOf(METHODS),
    headers: parseNamed(field.key('headers'), 16, (item) => ({
      ...parseNamedMatch(item),
      value: item.key('value').required().text(HEADER_VALUE) ?? '',
    })),
    queryParams: parseNamed(field.key('queryParams'), 16, (item) => ({
      ...parseNamedMatch(item),
      value: item.key('value').required().text({ minLength: 1, maxLength: 1024 }) ?? '',
    })),
  };
}

/** All but the value, whose rules differ. */
export function parseNamedMatch(field: Field): Pick<NamedMatch, 'type' | 'name'> {
  field.object(['type', 'name', 'value']);
  return {
    type: field.key('type').oneOf(['Exact', 'RegularExpression']) ?? 'Exact',
    name: field.key('name').required().text(HEADER_NAME) ?? '',
  };
}

function parsePath(field: Field): HttpPathMatch {
  field.object(['type', 'value']);
  const type = field.key('type').oneOf(['Exact', 'PathPrefix', 'RegularExpression']) ?? 'PathPrefix';
  const value = field.key('value').text({ maxLength: 1024 }) ?? '/';
  if (type !== 'RegularExpression') {
    const wrong = PATH_RULES.find(({ breaks }) => breaks(value));
    if (wrong !== undefined) field.key('value').issue(wrong.expected);
  }
  return { type, value };
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'] as const;
const PATH_RULES: readonly { readonly expected: string; readonly breaks: (path: string) => boolean }[] = [
  { expected: 'a path that begins with "/"', breaks: (path) => !path.startsWith('/') },
  ...['//', '/./', '/../', '%2f', '%2F', '#'].map((part) => ({
    expected: `a path without ${JSON.stringify(part)}`,
    breaks: (path: string) => path.includes(part),
  })),
  ...['/..', '/.'].map((end) => ({
    expected: `a path that does not end with ${JSON.stringify(end)}`,
    breaks: (path: string) => path.endsWith(end),
  })),
  {
    // RFC 3986 §3.3.
    expected: "a path of letters, digits, -/._~!$&'()*+,;=:@ and %XX",
    breaks: (path) => !/^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$/.test(path),
  },
];
