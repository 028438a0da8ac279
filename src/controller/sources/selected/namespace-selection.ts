import { type LabelQuery, matchesQuery, MESH_CONFIG_NAMES } from '../../objects/index.ts';
import type { ObjectEvent } from '../object-source.ts';

/** Which namespaces are of the mesh: MeshConfig's `discoverySelectors`, any of which has to match. */
export interface NamespaceSelection {
  /** Takes notice of an event. True: other selectors are in force now. */
  take(event: ObjectEvent): boolean;
  /** Without selectors all are. */
  has(namespace: string): boolean;
}

/** Until MeshConfig says otherwise every namespace is of the mesh. */
export function createNamespaceSelection(options: {
  readonly rootNamespace: string;
  /** Those that are always of the mesh beside the root's. */
  readonly ownNamespaces: ReadonlySet<string>;
}): NamespaceSelection {
  const { rootNamespace, ownNamespaces } = options;
  const labels = new Map<string, ReadonlyMap<string, string>>();
  /** By name of the ConfigMap. */
  const configured = new Map<string, readonly LabelQuery[]>();

  const inForce = (): readonly LabelQuery[] => {
    const name = MESH_CONFIG_NAMES.find((candidate) => configured.has(candidate));
    return (name === undefined ? undefined : configured.get(name)) ?? [];
  };
  const takeConfig = (event: ObjectEvent): boolean => {
    const before = inForce();
    if (event.type === 'delete') configured.delete(event.key.slice(rootNamespace.length + 1));
    else if (event.object.kind === 'ConfigMap') {
      const { meta, mesh } = event.object;
      if (mesh === undefined) configured.delete(meta.name);
      else configured.set(meta.name, mesh.discoverySelectors);
    }
    return inForce() !== before;
  };

  return {
    take(event) {
      const [kind, key] = keyOf(event);
      if (kind === 'Namespace') {
        if (event.type === 'delete') labels.delete(key);
        else labels.set(key, event.object.meta.labels);
      }
      const isConfig =
        kind === 'ConfigMap' && MESH_CONFIG_NAMES.some((name) => key === `${rootNamespace}/${name}`);
      return isConfig && takeConfig(event);
    },
    has(namespace) {
      const selectors = inForce();
      if (selectors.length === 0 || namespace === rootNamespace || ownNamespaces.has(namespace)) return true;
      // Every namespace has it, also one of manifests that is nowhere written.
      const own = new Map([[NAME_LABEL, namespace], ...(labels.get(namespace) ?? [])]);
      return selectors.some((selector) => matchesQuery(selector, own));
    },
  };
}

/** Kind, and `namespace/name` or `name`. */
export function keyOf(event: ObjectEvent): readonly [kind: string, key: string] {
  if (event.type === 'delete') return [event.kind, event.key];
  const { namespace, name } = event.object.meta;
  return [event.object.kind, namespace === '' ? name : `${namespace}/${name}`];
}

const NAME_LABEL = 'kubernetes.io/metadata.name';
