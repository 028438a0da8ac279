import type { Field } from '../fields/index.ts';
import { type ObjectMeta, parseObjectMeta } from '../object-meta.ts';

/** A Namespace: its labels choose enrolment and waypoints for what is in it. */
export interface NamespaceObject {
  readonly kind: 'Namespace';
  readonly meta: ObjectMeta;
}

/** Nothing but its metadata is read. */
export function parseNamespace(root: Field): NamespaceObject {
  return { kind: 'Namespace', meta: parseObjectMeta(root, 'none') };
}
