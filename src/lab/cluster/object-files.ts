import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { KubeObject } from './objects/index.ts';
import type { ObjectStore } from './store.ts';

/** The directory, for as long as it is kept in step. */
export interface ObjectFiles {
  /** Writes what is pending now. */
  flush(): void;
  close(): void;
}

/** Kinds that nothing outside the lab reads. */
const KEPT_INSIDE: ReadonlySet<string> = new Set(['Event', 'ReplicaSet']);

/** Changes within this many milliseconds are written together. */
const BATCH_MS = 5;

/**
 * Mirrors the store into a directory, one YAML file per object: the manifests that the mesh's controller watches.
 * A file appears by rename, so that no reader ever sees half of one.
 */
export function mirrorObjects(store: ObjectStore, directory: string, scratch: string): ObjectFiles {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  mkdirSync(scratch, { recursive: true, mode: 0o700 });
  const pending = new Map<string, KubeObject | undefined>();
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    for (const [file, object] of pending) {
      if (object === undefined) {
        rmSync(join(directory, file), { force: true });
        continue;
      }
      const temporary = join(scratch, file);
      writeFileSync(temporary, stringify(object, { aliasDuplicateObjects: false }));
      renameSync(temporary, join(directory, file));
    }
    pending.clear();
  };
  const unsubscribe = store.changes.subscribe(({ type, object }) => {
    if (KEPT_INSIDE.has(object.kind)) return;
    pending.set(fileName(object), type === 'remove' ? undefined : object);
    timer ??= setTimeout(flush, BATCH_MS);
  });
  return {
    flush,
    close() {
      unsubscribe();
      flush();
    },
  };
}

function fileName({ kind, metadata }: KubeObject): string {
  return `${kind.toLowerCase()}.${metadata.namespace || '_'}.${metadata.name}.yaml`;
}
