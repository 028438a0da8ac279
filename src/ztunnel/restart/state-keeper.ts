import { type Clock, describeError, type Logger, type Timer } from '../../base/index.ts';
import { type SavedState, writeState } from './saved-state.ts';

/** Writes are at least this far apart, and so far that they take no more than a tenth of the time. */
const QUIET_MS = 1_000;
const SHARE_OF_TIME = 10;

/** Keeps the state file up to date. */
export interface StateKeeper {
  /** Something that is saved has changed. Cheap. */
  touch(): void;
  /** Writes what is not written yet, and then nothing more. */
  close(): Promise<void>;
}

/** Writes a while after the last change, and never throws: what was saved before stays where it cannot. */
export function createStateKeeper(options: {
  readonly file: string;
  readonly snapshot: () => SavedState;
  readonly clock: Clock;
  readonly log: Logger;
}): StateKeeper {
  const { file, snapshot, clock, log } = options;
  let timer: Timer | undefined;
  let writing: Promise<void> = Promise.resolve();
  let pauseMs = QUIET_MS;
  let closed = false;
  let said = '';

  /** A disk that is full for an hour is one line, not thousands. */
  function note(problem: string): void {
    if (problem === said) return;
    said = problem;
    if (problem === '') log.info('state is saved again', { file });
    else log.warn('state not saved; what was saved before stays', { error: problem });
  }

  async function write(): Promise<void> {
    const startedMs = clock.monotonic();
    try {
      await writeState(file, snapshot());
      note('');
    } catch (error) {
      note(describeError(error));
    }
    pauseMs = Math.max(QUIET_MS, (clock.monotonic() - startedMs) * SHARE_OF_TIME);
  }

  function enqueue(): void {
    timer = undefined;
    writing = writing.then(write);
  }

  return {
    touch() {
      if (!closed) timer ??= clock.after(pauseMs, enqueue);
    },
    async close() {
      closed = true;
      if (timer !== undefined) {
        timer.cancel();
        enqueue();
      }
      await writing;
    },
  };
}
