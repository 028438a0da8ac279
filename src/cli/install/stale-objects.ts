import type { KubernetesObject } from '../../controller/index.ts';
import type { Progress } from '../terminal/index.ts';
import { describeObject, FIELD_MANAGER } from './cluster/apply-objects.ts';
import type { Cluster, ObjectName } from './cluster/cluster.ts';
import { isOfTheMesh } from './cluster/ownership.ts';
import type { Installation } from './installation-record.ts';
import { NAMESPACE } from './objects/manifest.ts';
import { renderEverything, renderObjects } from './objects/settings.ts';
import { LEFT_CLEAN_UP } from './uninstall/left-clean-up.ts';

/** An object that an installation with other settings, or of another version, has left, or an `uninstall` that was cut off. */
export interface StaleObject {
  readonly object: ObjectName;
  /** False: somebody else has applied it, and is to take it away. */
  readonly isOurs: boolean;
}

/**
 * What is in the cluster of earlier installations and is no part of the one that is wanted. Looked for is what the record names
 * and what any settings would have rendered: an installation that was cut off has written no record yet. What cleans nodes is of no
 * installation. Namespaces and kinds are never among it, nor what has lost our label. Rejects with KubernetesError.
 */
export async function findStale(
  cluster: Cluster,
  installed: Installation | undefined,
  next: Installation,
): Promise<readonly StaleObject[]> {
  const wanted = new Set(renderObjects(next.settings).map(placeOf));
  const candidates = new Map(
    [...(installed?.objects ?? []), ...renderEverything(next.settings), ...LEFT_CLEAN_UP].map(
      (object) => [placeOf(object), object] as const,
    ),
  );
  const stale: StaleObject[] = [];
  for (const [place, object] of candidates) {
    if (wanted.has(place)) continue;
    const found = await cluster.find(object);
    if (found !== undefined && isOfTheMesh(object, found))
      stale.push({ object, isOurs: wasAppliedByUs(found) });
  }
  return stale;
}

/** Deletes what is ours of it, or only says so, and names what is not. Rejects with KubernetesError. */
export async function removeStale(
  cluster: Cluster,
  stale: readonly StaleObject[],
  { dryRun = false, progress }: { readonly dryRun?: boolean; readonly progress: Progress },
): Promise<void> {
  for (const object of oursOf(stale)) {
    if (!dryRun) await cluster.remove(object);
    progress.done(`${describeObject(object)} ${dryRun ? WOULD_BE_DELETED : 'deleted'}`);
  }
  for (const line of leftLines(stale)) progress.done(line);
}

/** What will become of it, a line for each object of ours and one for all others. */
export function staleLines(stale: readonly StaleObject[]): readonly string[] {
  return [
    ...oursOf(stale).map((object) => `${describeObject(object)}: ${WOULD_BE_DELETED}`),
    ...leftLines(stale),
  ];
}

/** What is deleted. */
export function oursOf(stale: readonly StaleObject[]): readonly ObjectName[] {
  return stale.flatMap(({ object, isOurs }) => (isOurs ? [object] : []));
}

function leftLines(stale: readonly StaleObject[]): readonly string[] {
  const names = stale.flatMap(({ object: { kind, metadata }, isOurs }) =>
    isOurs ? [] : [`${kind.toLowerCase()}/${metadata.name}`],
  );
  if (names.length === 0) return [];
  return [
    `left: not applied by nodemesh install, and of no use any more: kubectl -n ${NAMESPACE} delete ${names.join(' ')}`,
  ];
}

const WOULD_BE_DELETED = 'would be deleted: it is of earlier settings, or of an uninstall that was cut off';

/** Without the version: what is served in several is one object. */
function placeOf({ apiVersion, kind, metadata }: ObjectName): string {
  const group = apiVersion.includes('/') ? apiVersion.replace(/\/.*/, '') : '';
  return JSON.stringify([group, kind, metadata.namespace ?? '', metadata.name]);
}

function wasAppliedByUs({ metadata }: KubernetesObject): boolean {
  const { managedFields } = metadata as {
    readonly managedFields?: readonly { readonly manager?: string; readonly operation?: string }[];
  };
  return (managedFields ?? []).some(
    ({ manager, operation }) => manager === FIELD_MANAGER && operation === 'Apply',
  );
}
