import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Clock,
  createSignal,
  describeError,
  errnoOf,
  type Logger,
  silentLogger,
  systemClock,
  type Timer,
} from '../../../base/index.ts';
import { ControllerError } from '../../errors.ts';
import type { ObjectEvent, ObjectSource, SourceProblem } from '../object-source.ts';
import { createProblemReport } from '../problem-report.ts';
import { createDirectoryWatch } from './directory-watch.ts';
import { createManifestClaims } from './manifest-claims.ts';
import { readManifest } from './manifest-text.ts';

/** Which directory, and how patient it is with those who write there. */
export interface ManifestSourceOptions {
  readonly directory: string;
  readonly clock?: Clock;
  readonly log?: Logger;
  /** How long a writer must pause before its files are read. Default 5 ms. */
  readonly debounceMs?: number;
  /** How often everything is looked at again. Default 30 s. */
  readonly resyncMs?: number;
  /** How long a file that had objects may be empty before it is believed. Default 250 ms. */
  readonly emptyGraceMs?: number;
}

/**
 * The YAML files below a directory as a source of objects. What cannot be read is reported and never stops the rest; the
 * sound objects of a file stay in force while the file is broken.
 */
export function createManifestSource(options: ManifestSourceOptions): ObjectSource {
  const { directory, clock = systemClock, log = silentLogger } = options;
  const events = createSignal<readonly ObjectEvent[]>();
  const problemChanges = createSignal<readonly SourceProblem[]>();
  const claims = createManifestClaims();
  const emptied = new Map<string, Timer>();
  const report = createProblemReport(log, {
    error: 'manifest has a problem',
    notice: 'manifest is passed over',
  });
  let listed = false;
  let closed = false;

  const watch = createDirectoryWatch({
    directory,
    clock,
    debounceMs: options.debounceMs ?? 5,
    resyncMs: options.resyncMs ?? 30_000,
    async onChange(changed, removed) {
      for (const file of removed) forget(file);
      for (let index = 0; index < changed.length; index += READ_AT_ONCE) {
        const files = changed.slice(index, index + READ_AT_ONCE);
        const contents = await Promise.all(files.map((file) => readText(join(directory, file))));
        for (const [place, file] of files.entries()) take(file, contents[place]);
      }
      flush();
    },
    onError: (error) => log.error('manifests cannot be followed', { directory, error }),
  });

  function take(file: string, content: string | Error | undefined): void {
    if (content === undefined) return;
    emptied.get(file)?.cancel();
    emptied.delete(file);
    if (content instanceof Error) {
      claims.unreadable(file, describeError(content));
      return;
    }
    // Most writers empty a file before they fill it.
    if (content.trim() === '' && claims.hasObjects(file)) {
      emptied.set(
        file,
        clock.after(options.emptyGraceMs ?? 250, () => {
          forget(file);
          flush();
        }),
      );
      return;
    }
    claims.update(file, readManifest(file, content));
  }

  function forget(file: string): void {
    emptied.get(file)?.cancel();
    emptied.delete(file);
    claims.update(file, undefined);
  }

  function flush(): void {
    if (closed) return;
    const batch = claims.flush();
    if (batch.length > 0 || !listed) events.emit(batch);
    listed = true;
    const problems = claims.problems();
    if (report.update(problems)) problemChanges.emit(problems);
  }

  function stop(): Promise<void> {
    closed = true;
    for (const timer of emptied.values()) timer.cancel();
    return watch.close();
  }

  return {
    events,
    problemChanges,
    problems: () => claims.problems(),
    deliverAgain(namespaces) {
      claims.repeat(namespaces);
      // Not within the batch that made somebody ask.
      queueMicrotask(flush);
    },
    async start() {
      try {
        await watch.start();
      } catch (cause) {
        throw new ControllerError({
          code: 'ERR_CONTROLLER_MANIFESTS',
          blame: 'local',
          message: `cannot read the directory of manifests ${directory}`,
          hint: 'name a directory that exists with --manifests',
          cause,
        });
      }
      // An empty directory is a complete listing too.
      if (!listed) flush();
    },
    close: stop,
    destroy: () => void stop(),
  };
}

/** Undefined: the file is gone again, which a notice of its own will tell. */
async function readText(path: string): Promise<string | Error | undefined> {
  try {
    return decode(await readFile(path));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Fatal on bytes that are not UTF-8, so that nobody's policy is read with replacement characters in it. */
function decode(bytes: Uint8Array): string {
  if (bytes.length > LARGEST_FILE_BYTES) {
    throw new ControllerError({
      code: 'ERR_CONTROLLER_MANIFESTS',
      blame: 'downstream',
      message: `expected a file of at most ${LARGEST_FILE_BYTES} bytes, got ${bytes.length}`,
    });
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

const READ_AT_ONCE = 64;
export const LARGEST_FILE_BYTES = 16 * 1024 * 1024;
