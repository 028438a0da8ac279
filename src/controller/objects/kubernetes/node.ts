import type { Field } from '../fields/index.ts';
import { type ObjectMeta, parseObjectMeta } from '../object-meta.ts';

/** A Node: its labels say where it stands. */
export interface NodeObject {
  readonly kind: 'Node';
  readonly meta: ObjectMeta;
}

/** Nothing but its metadata is read. */
export function parseNode(root: Field): NodeObject {
  return { kind: 'Node', meta: parseObjectMeta(root, 'none') };
}
