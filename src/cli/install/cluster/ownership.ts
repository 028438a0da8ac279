import type { KubernetesObject } from '../../../controller/index.ts';
import type { ObjectName } from './cluster.ts';

const PART_OF = 'app.kubernetes.io/part-of';
/** These are often there before an installation, and are shared with it. */
const SHARED_KINDS: ReadonlySet<string> = new Set(['Namespace', 'CustomResourceDefinition']);

/**
 * Whether an object that is there under the name of one of ours is somebody else's: it does not say that it is a part of
 * what ours is a part of.
 */
export function isSomebodyElses(found: KubernetesObject, ours: ObjectName): boolean {
  const whole = labelOf(ours.metadata);
  return !SHARED_KINDS.has(ours.kind) && whole !== undefined && labelOf(found.metadata) !== whole;
}

/** Whether an object is a part of this mesh, and goes with it: it says so, and nothing else may depend on it. */
export function isOfTheMesh({ kind }: ObjectName, found: KubernetesObject): boolean {
  return !SHARED_KINDS.has(kind) && labelOf(found.metadata) === 'nodemesh';
}

function labelOf(metadata: { readonly name?: unknown; readonly labels?: unknown }): unknown {
  const { labels } = metadata;
  return typeof labels === 'object' && labels !== null && PART_OF in labels ? labels[PART_OF] : undefined;
}
