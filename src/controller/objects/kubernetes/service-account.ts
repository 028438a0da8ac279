import type { Field } from '../fields/index.ts';
import { type ObjectMeta, parseObjectMeta } from '../object-meta.ts';

/** A ServiceAccount: nothing of it but its name is used. */
export interface ServiceAccountObject {
  readonly kind: 'ServiceAccount';
  readonly meta: ObjectMeta;
}

/** Nothing but its metadata is read. */
export function parseServiceAccount(root: Field, defaultNamespace: string): ServiceAccountObject {
  return { kind: 'ServiceAccount', meta: parseObjectMeta(root, { fallback: defaultNamespace }) };
}
