import { type FSWatcher, type Stats, watch } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Clock, Timer } from '../../../base/index.ts';

/** Follows the manifest files below a directory: by the kernel's notices, and by looking again now and then. */
export interface DirectoryWatch {
  /** Looks at everything once and then begins to follow. Rejects when the directory itself cannot be read. */
  start(): Promise<void>;
  /** Resolves when nothing is being looked at any more. */
  close(): Promise<void>;
}

/** What is followed, and who hears of it. */
export interface DirectoryWatchOptions {
  readonly directory: string;
  readonly clock: Clock;
  /** Notices that come this close together are handled as one. */
  readonly debounceMs: number;
  /** Everything is looked at again after this long, for notices that never came. */
  readonly resyncMs: number;
  /** The files that are new or other than before, and those that are gone; both relative, sorted. */
  onChange(changed: readonly string[], removed: readonly string[]): Promise<void>;
  onError(error: unknown): void;
}

/** Only these are manifests. Names that begin with a dot are somebody's unfinished work. */
const MANIFEST = /^[^.].*\.(ya?ml|json)$/;
/** As often as a kubelet would look, and cheap enough for thousands of files. */
const BLIND_RESYNC_MS = 1_000;
/** A ConfigMap volume changes all of its files by replacing this link. */
const CONFIG_MAP_LINK = '..data';

/** Nothing is followed before `start`, which rejects where the directory cannot be read. */
export function createDirectoryWatch(options: DirectoryWatchOptions): DirectoryWatch {
  const { directory, clock } = options;
  const watchers = new Map<string, { readonly watcher: FSWatcher; readonly ino: number }>();
  const seen = new Map<string, string>();
  const touched = new Set<string>();
  let everything = false;
  let timer: Timer | undefined;
  let resync: Timer | undefined;
  let running: Promise<void> | undefined;
  let closed = false;
  /** Some folder cannot be followed, so it has to be looked at more often. */
  let blind = false;

  function follow(path: string, ino: number): void {
    if (closed || watchers.get(path)?.ino === ino) return;
    // Another folder under the same name: the old one's notices have ended.
    unfollow(path);
    try {
      const watcher = watch(path, { persistent: false }, (_event, name) => touch(path, name));
      watcher.on('error', () => unfollow(path));
      watchers.set(path, { watcher, ino });
    } catch (error) {
      // Out of watches, or gone already: looking again has to do.
      blind = true;
      options.onError(error);
    }
  }

  function unfollow(path: string): void {
    watchers.get(path)?.watcher.close();
    watchers.delete(path);
  }

  function touch(folder: string, name: string | null): void {
    if (name === null || name === CONFIG_MAP_LINK) everything = true;
    else if (!name.startsWith('.')) touched.add(join(folder, name));
    else return;
    timer ??= clock.after(options.debounceMs, run);
  }

  function run(): void {
    timer = undefined;
    running = (running ?? Promise.resolve()).then(look).catch((error: unknown) => {
      blind = true;
      options.onError(error);
    });
  }

  async function look(): Promise<void> {
    if (closed) return;
    const found = new Map<string, string>();
    const roots = everything ? [directory] : [...touched];
    if (everything) blind = false;
    everything = false;
    touched.clear();
    // A directory that has gone for a moment (a mount, say) is no reason to forget every object.
    if (roots.includes(directory)) await readdir(directory);
    for (const root of roots) await visit(root, found);
    const changed = [...found].filter(([path, signature]) => seen.get(path) !== signature);
    const gone = roots.flatMap((root) => missing(root, found));
    for (const [path, signature] of changed) seen.set(path, signature);
    for (const path of gone) seen.delete(path);
    if (changed.length + gone.length === 0) return;
    const name = (path: string): string => relative(directory, path);
    await options.onChange(changed.map(([path]) => name(path)).sort(), gone.map(name).sort());
  }

  /** Files that were at or below a path and are no more. A file that was touched costs nothing but itself. */
  function missing(root: string, found: ReadonlyMap<string, string>): readonly string[] {
    if (found.has(root)) return [];
    if (seen.has(root)) return [root];
    return [...seen.keys()].filter((path) => !found.has(path) && path.startsWith(`${root}/`));
  }

  async function visit(path: string, found: Map<string, string>): Promise<void> {
    const stats = await statOrNothing(path);
    if (stats === undefined) {
      unfollow(path);
      return;
    }
    if (!stats.isDirectory()) {
      if (stats.isFile() && MANIFEST.test(path.slice(path.lastIndexOf('/') + 1)))
        found.set(path, signatureOf(stats));
      return;
    }
    // Followed before it is read, so that nothing can appear in between.
    follow(path, stats.ino);
    const names = await readdir(path);
    for (const name of names) if (!name.startsWith('.')) await visit(join(path, name), found);
  }

  function planResync(): void {
    if (closed) return;
    const delayMs = blind ? Math.min(options.resyncMs, BLIND_RESYNC_MS) : options.resyncMs;
    resync = clock.after(delayMs, () => {
      everything = true;
      run();
      void running?.then(planResync);
    });
  }

  return {
    async start() {
      await readdir(directory);
      everything = true;
      await look();
      planResync();
    },
    async close() {
      closed = true;
      timer?.cancel();
      resync?.cancel();
      for (const path of [...watchers.keys()]) unfollow(path);
      await running;
    },
  };
}

async function statOrNothing(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch {
    // Gone, a link into nothing, or not ours to see: in each case there is no file.
    return undefined;
  }
}

/** Changes whenever the content may have: also when a file is replaced by one of the same age and size. */
function signatureOf(stats: Stats): string {
  return `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`;
}
