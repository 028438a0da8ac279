import { type ApiObject, ApiStatus, isJson } from '../api-object.ts';

export type Matcher = (object: ApiObject) => boolean;

/** `labelSelector` and `fieldSelector` of a query: equality, `in`, `notin`, existence; fields by equality. */
export function selectorOf(query: URLSearchParams): Matcher {
  const tests = [
    ...split(query.get('labelSelector')).map(labelTest),
    ...split(query.get('fieldSelector')).map(fieldTest),
  ];
  return (object) => tests.every((test) => test(object));
}

/** At commas that are not within parentheses. */
function split(text: string | null): readonly string[] {
  return text === null || text === '' ? [] : text.split(/,(?![^(]*\))/).map((part) => part.trim());
}

function labelTest(term: string): Matcher {
  const set = /^(\S+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(term);
  if (set !== null) {
    const [, key = '', verb, list = ''] = set;
    const values = list.split(',').map((value) => value.trim());
    return ({ metadata }) => values.includes(metadata.labels?.[key] ?? '\0') === (verb === 'in');
  }
  const equal = /^([^=!]+)(==|=|!=)(.*)$/.exec(term);
  if (equal !== null) {
    const [, key = '', verb, value] = equal;
    return ({ metadata }) => (metadata.labels?.[key.trim()] === value?.trim()) === (verb !== '!=');
  }
  if (term.startsWith('!')) return ({ metadata }) => metadata.labels?.[term.slice(1)] === undefined;
  return ({ metadata }) => metadata.labels?.[term] !== undefined;
}

function fieldTest(term: string): Matcher {
  const [, path = '', verb, value] = /^([^=!]+)(==|=|!=)(.*)$/.exec(term) ?? [];
  if (path === '') throw new ApiStatus(400, 'BadRequest', `unable to parse requirement: ${term}`);
  return (object) => {
    const found = path.split('.').reduce<unknown>((at, key) => (isJson(at) ? at[key] : undefined), object);
    return (String(found ?? '') === value) === (verb !== '!=');
  };
}
