import type { Progress } from '../../terminal/index.ts';
import { changesOf } from './changes.ts';
import type { Cluster } from './cluster.ts';
import { CliError } from '../../errors.ts';
import type { Manifest } from '../objects/manifest.ts';
import { isSomebodyElses } from './ownership.ts';

/** configured: it was there, and at least one field is another now. */
export type Outcome = 'created' | 'configured' | 'unchanged';

/** What happened, or with a dry run would happen, to one object. */
export interface Applied {
  readonly object: Manifest;
  readonly outcome: Outcome;
  /** Field by field, of an object that was there. */
  readonly changes: readonly string[];
}

/**
 * Makes objects what they should be, one after the other, by server-side apply: what others have added to them stays.
 * Again with the same objects it changes nothing. Rejects with KubernetesError.
 */
export async function applyObjects(
  cluster: Cluster,
  objects: readonly Manifest[],
  { dryRun = false, progress }: { readonly dryRun?: boolean; readonly progress?: Progress } = {},
): Promise<readonly Applied[]> {
  const results: Applied[] = [];
  for (const object of objects) {
    progress?.update(describeObject(object));
    const result = await applyObject(cluster, object, dryRun);
    progress?.done(`${describeObject(object)} ${dryRun ? WOULD[result.outcome] : result.outcome}`);
    results.push(result);
  }
  return results;
}

async function applyObject(cluster: Cluster, object: Manifest, dryRun: boolean): Promise<Applied> {
  const target = await cluster.targetOf(object);
  if (target === undefined)
    throw new CliError({
      code: 'ERR_CLI_CLUSTER',
      blame: 'upstream',
      message: `${describeObject(object)}: the API server does not know ${object.apiVersion} ${object.kind}`,
    });
  const before = await cluster.find(object);
  if (before !== undefined && isSomebodyElses(before, object))
    throw new CliError({
      code: 'ERR_CLI_CLUSTER',
      blame: 'upstream',
      message: `${describeObject(object)} is there and is somebody else's: it has no label app.kubernetes.io/part-of=nodemesh`,
      hint: 'rename or delete it; if it is left over from a nodemesh, give it that label',
    });
  const after = await cluster.api.patch(
    target,
    // Whoever held a field of ours before (kubectl, an older program) holds it no longer.
    { type: 'apply', body: object, force: true },
    { fieldManager: FIELD_MANAGER, dryRun },
  );
  const changes = before === undefined ? [] : changesOf(before, after);
  const outcome = before === undefined ? 'created' : changes.length === 0 ? 'unchanged' : 'configured';
  return { object, outcome, changes };
}

/** `daemonset nodemesh-system/ztunnel`. */
export function describeObject({ kind, metadata }: Pick<Manifest, 'kind' | 'metadata'>): string {
  const { name, namespace } = metadata;
  return `${kind.toLowerCase()} ${namespace === undefined ? '' : `${String(namespace)}/`}${name}`;
}

const WOULD: Readonly<Record<Outcome, string>> = {
  created: 'would be created',
  configured: 'would be changed',
  unchanged: 'unchanged',
};
/** Who owns what an installation writes. */
export const FIELD_MANAGER = 'nodemesh-install';
