import { createSignal, type Signal } from '../../../base/index.ts';
import type { ResourceBlock, XdsResource } from '../../messages.ts';
import { createResourceBlocks } from './resource-blocks.ts';
import { createResourceIndex, type HeldComparison } from './resource-index.ts';
import { isVisible, type ResourceUpsert } from './scoped-resource.ts';

/** A point in the history of one type's resources, for `DeltaServer.acknowledged`. */
export interface Change {
  readonly typeUrl: string;
  /** Grows by one with each batch that changed something. */
  readonly sequence: number;
}

/** Changes that belong together: streams hear of all of them, or of none yet. */
export interface ResourceBatch {
  readonly upserts?: readonly ResourceUpsert[] | undefined;
  readonly removed?: readonly string[] | undefined;
}

/** The resources of one type as they are now. Streams hold references into it, never copies. */
export interface SnapshotCache {
  readonly typeUrl: string;
  readonly size: number;
  /** Applies a batch and tells streams once. Resources whose version, aliases and audiences are as before cost nothing. */
  apply(batch: ResourceBatch): Change;
  get(name: string): XdsResource | undefined;
  resources(): IterableIterator<XdsResource>;
}

/** One resource that changed, with what streams need to decide whether it concerns them. */
export interface ResourceChange {
  readonly name: string;
  readonly before: ResourceUpsert | undefined;
  readonly after: ResourceUpsert | undefined;
}

/** The side of a cache that streams read. */
export interface SnapshotSource extends SnapshotCache {
  readonly sequence: number;
  readonly changes: Signal<readonly ResourceChange[]>;
  entry(name: string): ResourceUpsert | undefined;
  /** What a stream of this audience may see: what everybody sees, in blocks, and what is for it alone. */
  everything(audience: string | undefined): {
    readonly blocks: readonly ResourceBlock[];
    readonly own: readonly ResourceUpsert[];
  };
  /** What a stream of this audience holds, against what it may see. To be used up before the next change. */
  compare(audience: string | undefined): HeldComparison;
  /** The resources that have `key` as their name or among their aliases. */
  named(key: string): readonly ResourceUpsert[];
}

/** Without a resource, at sequence 0. A resource that is put in as it was is no change. */
export function createSnapshotCache(typeUrl: string): SnapshotSource {
  const entries = new Map<string, ResourceUpsert>();
  const byAlias = new Map<string, Set<string>>();
  const shared = createResourceBlocks();
  const index = createResourceIndex();
  const byAudience = new Map<string, Set<ResourceUpsert>>();
  const changes = createSignal<readonly ResourceChange[]>();
  let sequence = 0;

  const replace = (name: string, after: ResourceUpsert | undefined): ResourceChange | undefined => {
    const before = entries.get(name);
    if (before === undefined && after === undefined) return undefined;
    if (before !== undefined && after !== undefined && sameResource(before, after)) return undefined;
    for (const alias of before?.aliases ?? []) {
      const names = byAlias.get(alias);
      names?.delete(name);
      if (names?.size === 0) byAlias.delete(alias);
    }
    for (const alias of after?.aliases ?? []) {
      const names = byAlias.get(alias);
      if (names === undefined) byAlias.set(alias, new Set([name]));
      else names.add(name);
    }
    if (before !== undefined) index.remove(before);
    if (after === undefined) entries.delete(name);
    else {
      entries.set(name, after);
      index.add(after);
    }
    share(before, after);
    return { name, before, after };
  };

  const share = (before: ResourceUpsert | undefined, after: ResourceUpsert | undefined): void => {
    if (isShared(before) && isShared(after)) {
      shared.replace(before, after);
      return;
    }
    if (isShared(before)) shared.remove(before);
    if (isShared(after)) shared.add(after);
    if (before !== undefined) {
      for (const audience of before.audiences ?? []) {
        const own = byAudience.get(audience);
        own?.delete(before);
        if (own?.size === 0) byAudience.delete(audience);
      }
    }
    if (after !== undefined) {
      for (const audience of after.audiences ?? [])
        byAudience.set(audience, (byAudience.get(audience) ?? new Set()).add(after));
    }
  };

  return {
    typeUrl,
    changes,
    get size() {
      return entries.size;
    },
    get sequence() {
      return sequence;
    },
    apply(batch) {
      const changed: ResourceChange[] = [];
      for (const name of batch.removed ?? []) {
        const change = replace(name, undefined);
        if (change !== undefined) changed.push(change);
      }
      for (const resource of batch.upserts ?? []) {
        const change = replace(resource.name, resource);
        if (change !== undefined) changed.push(change);
      }
      if (changed.length > 0) {
        sequence += 1;
        changes.emit(changed);
      }
      return { typeUrl, sequence };
    },
    get: (name) => entries.get(name),
    resources: () => entries.values(),
    entry: (name) => entries.get(name),
    everything: (audience) => ({
      blocks: shared.all(),
      own: audience === undefined ? [] : [...(byAudience.get(audience) ?? [])],
    }),
    compare: (audience) => index.compare((resource) => isVisible(resource, audience)),
    named(key) {
      const found: ResourceUpsert[] = [];
      const own = entries.get(key);
      if (own !== undefined) found.push(own);
      for (const name of byAlias.get(key) ?? []) {
        const entry = entries.get(name);
        if (entry !== undefined && entry !== own) found.push(entry);
      }
      return found;
    },
  };
}

/** For everybody. */
function isShared(resource: ResourceUpsert | undefined): resource is ResourceUpsert {
  return resource !== undefined && resource.audiences === undefined;
}

function sameResource(a: ResourceUpsert, b: ResourceUpsert): boolean {
  return (
    a.version === b.version &&
    a.aliases.length === b.aliases.length &&
    a.aliases.every((alias, index) => alias === b.aliases[index]) &&
    sameAudiences(a.audiences, b.audiences)
  );
}

function sameAudiences(a: ReadonlySet<string> | undefined, b: ReadonlySet<string> | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a.size !== b.size) return false;
  for (const audience of a) if (!b.has(audience)) return false;
  return true;
}
