import type { Field } from '../fields/index.ts';
import { type ObjectMeta, parseObjectMeta } from '../object-meta.ts';

/** A ConfigMap: how a waypoint is to be deployed may stand in one. */
export interface ConfigMapObject {
  readonly kind: 'ConfigMap';
  readonly meta: ObjectMeta;
  readonly data: ReadonlyMap<string, string>;
}

export function parseConfigMap(root: Field, defaultNamespace: string): ConfigMapObject {
  return {
    kind: 'ConfigMap',
    meta: parseObjectMeta(root, { fallback: defaultNamespace }),
    data: root.key('data').textMap(),
  };
}
