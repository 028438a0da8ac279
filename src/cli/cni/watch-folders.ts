import { type FSWatcher, watch } from 'node:fs';
import { type Closable, errnoOf } from '../../base/index.ts';

/** Others write several files at once; half of an upgrade is nothing to answer to. */
const QUIET_MS = 200;
/** In case that a folder's changes are not told, or that it comes later. */
const LOOK_EVERY_MS = 10_000;

/** Calls `look` soon after something in the folders has changed, and now and then anyway; never twice at once. */
export function watchFolders(folders: readonly string[], look: () => Promise<void>): Closable {
  const watchers: FSWatcher[] = [];
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let isClosed = false;

  function soon(): void {
    if (!isClosed) timer ??= setTimeout(run, QUIET_MS);
  }

  function run(): void {
    timer = undefined;
    running = running.then(look);
  }

  for (const folder of folders) {
    try {
      const watcher = watch(folder, soon);
      // It has gone; the clock goes on.
      watcher.on('error', () => watcher.close());
      watchers.push(watcher);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  }
  const clock = setInterval(soon, LOOK_EVERY_MS);

  function stop(): void {
    isClosed = true;
    clearInterval(clock);
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  }

  return {
    async close() {
      stop();
      await running;
    },
    destroy: stop,
  };
}
