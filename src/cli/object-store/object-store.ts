import type { ManifestObject } from '../../lab/cluster/index.ts';
import type { KubeObject } from '../../lab/cluster/objects/index.ts';
import type { LabClient, ObjectName } from '../../lab/client/index.ts';
import { LabError } from '../../lab/index.ts';

/** Where the objects of a mesh are: a lab that runs, or a cluster. Everything rejects with MeshError. */
export interface ObjectStore {
  /** What a hint tells people to run there, before `get`, `label`, `logs`. */
  readonly tool: 'kubectl' | 'nodemesh lab';
  /** All of a kind, or of one namespace, or one; empty where it or its kind is not there. */
  objects(kind: string, namespace?: string, name?: string): Promise<readonly KubeObject[]>;
  /** Makes the object, or makes the one that is there so. */
  apply(object: ManifestObject): Promise<void>;
  /** Whatever is in the background made for it goes too. */
  delete(object: ObjectName): Promise<void>;
  labelNamespace(name: string, labels: Readonly<Record<string, string>>): Promise<void>;
}

/** Does not own the client. */
export function createLabStore(lab: LabClient): ObjectStore {
  return {
    tool: 'nodemesh lab',
    objects: (kind, namespace, name) => lab.objects(kind, namespace, name),
    async apply(object) {
      const [result] = await lab.apply([object]);
      if (result !== undefined && result.outcome !== 'failed') return;
      throw new LabError({
        code: 'ERR_LAB_CONFLICT',
        blame: 'downstream',
        message: `the ${object.kind} could not be applied: ${result?.error ?? 'no answer'}`,
      });
    },
    delete: (object) => lab.delete(object),
    async labelNamespace(name, labels) {
      await lab.patchMetadata({ kind: 'Namespace', namespace: '', name }, { labels });
    },
  };
}
