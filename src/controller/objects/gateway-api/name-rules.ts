import type { Field, TextRule } from '../fields/index.ts';

/** RFC 1123 subdomain, or empty for Kubernetes' own group. */
export const GROUP: TextRule = {
  maxLength: 253,
  pattern: /^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
};

export const KIND: TextRule = {
  minLength: 1,
  maxLength: 63,
  pattern: /^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$/,
};

export const OBJECT_NAME: TextRule = { minLength: 1, maxLength: 253 };

/** RFC 1123 label. */
export const NAMESPACE: TextRule = {
  minLength: 1,
  maxLength: 63,
  pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
};

/** Of a listener, a service's port or a rule: RFC 1123 subdomain. */
export const SECTION_NAME: TextRule = {
  minLength: 1,
  maxLength: 253,
  pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
};

/** RFC 1123 subdomain, in which the first label may be `*`. */
export const HOSTNAME: TextRule = {
  minLength: 1,
  maxLength: 253,
  pattern: /^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
};

export const PRECISE_HOSTNAME: TextRule = SECTION_NAME;

/** RFC 9110 §5.6.2: a token. */
export const HEADER_NAME: TextRule = {
  minLength: 1,
  maxLength: 256,
  pattern: /^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$/,
};

/**
 * Words of visible ASCII with one blank or tab between them. The CRD writes the blank as optional, which means the same and
 * takes exponential time.
 */
export const HEADER_VALUE: TextRule = {
  minLength: 1,
  maxLength: 4096,
  pattern: /^[!-~]+([\t ][!-~]+)*$/,
};

export const PORT_NUMBER = { minimum: 1, maximum: 65535 };

/** `format: int32` with this minimum. */
export function int32From(minimum: number): { readonly minimum: number; readonly maximum: number } {
  return { minimum, maximum: 2 ** 31 - 1 };
}

/** An object in the same namespace, or of no namespace. */
export interface LocalReference {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
}

/** `others` are members that the caller reads. */
export function parseLocalReference(field: Field, others: readonly string[] = []): LocalReference {
  field.required().object(['group', 'kind', 'name', ...others]);
  return {
    group: field.key('group').required().text(GROUP) ?? '',
    kind: field.key('kind').required().text(KIND) ?? '',
    name: field.key('name').required().text(OBJECT_NAME) ?? '',
  };
}

/** The items of a list in which no two may be equal (`x-kubernetes-list-type: set`). */
export function parseSet<T>(
  field: Field,
  maxItems: number,
  parse: (item: Field) => T | undefined,
): readonly T[] {
  const seen = new Set<unknown>();
  return field.items(maxItems).flatMap((item) => {
    if (seen.has(item.value)) item.issue('a value that is not in the list already');
    seen.add(item.value);
    return parse(item.required()) ?? [];
  });
}

/** The items of a list in which no two may have the same `name` (`x-kubernetes-list-type: map`). */
export function parseNamed<T>(field: Field, maxItems: number, parse: (item: Field) => T): readonly T[] {
  const seen = new Set<unknown>();
  return field.items(maxItems).map((item) => {
    const name = item.required().object().key('name');
    if (name.present && seen.has(name.value)) name.issue('a name that is not in the list already');
    seen.add(name.value);
    return parse(item);
  });
}
