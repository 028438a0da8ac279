import type { Field } from '../fields/index.ts';
import { MESH_CONFIG_NAMES, type MeshConfigObject, parseMeshConfig } from '../mesh-config/index.ts';
import { type ObjectMeta, parseObjectMeta } from '../object-meta.ts';

/** A ConfigMap: how a waypoint is to be deployed may stand in one, or what holds for the whole mesh. */
export interface ConfigMapObject {
  readonly kind: 'ConfigMap';
  readonly meta: ObjectMeta;
  readonly data: ReadonlyMap<string, string>;
  /** What its key `mesh` says, where its name is one of those that MeshConfig has; it counts in the root namespace alone. */
  readonly mesh: MeshConfigObject | undefined;
}

/** MeshConfig is read out of those alone that have its names; in others `mesh` is a text like any. */
export function parseConfigMap(root: Field, defaultNamespace: string): ConfigMapObject {
  const meta = parseObjectMeta(root, { fallback: defaultNamespace });
  const mesh = root.key('data').key('mesh');
  return {
    kind: 'ConfigMap',
    meta,
    data: root.key('data').textMap(),
    mesh: MESH_CONFIG_NAMES.includes(meta.name) && mesh.present ? parseMeshConfig(mesh) : undefined,
  };
}
