import { pino } from 'pino';

/** Where lines go, and how many may wait. */
export interface LogSinkOptions {
  /** A file descriptor. Default 1, standard output. */
  readonly fd?: number | undefined;
  /** Lines that do not fit any more while the reader is slow are dropped and counted. Default 4 MiB. */
  readonly maximumBytes?: number | undefined;
}

/** Takes lines at once and writes them when it can; a reader that stops reading costs lines, never a stall. */
export interface LogSink {
  write(line: string): void;
  /** Lines lost so far: the reader was too slow, or went away. */
  readonly dropped: number;
  /** Writes what is held, waiting for it. For the end of the process. */
  flush(): void;
  /** Writes what is held, then lets go; the descriptor stays open. Later lines are dropped. */
  close(): void;
}

const DEFAULT_MAXIMUM_BYTES = 4 * 1024 * 1024;
/** Lines are gathered up to this length or age: each write wakes another thread, whatever its length. */
const GATHERED_LENGTH = 64 * 1024;
const GATHERED_MS = 50;

/** Node's own process.stdout blocks the whole process while a pipe is full, so it is not used. */
export function openLogSink(options: LogSinkOptions = {}): LogSink {
  const { fd = 1, maximumBytes = DEFAULT_MAXIMUM_BYTES } = options;
  const destination = pino.destination({ dest: fd, sync: false, maxLength: maximumBytes });
  const gatheredLength = Math.min(GATHERED_LENGTH, maximumBytes / 8);
  let dropped = 0;
  let closed = false;
  destination.on('drop', (lines: string) => {
    dropped += lines.split('\n').length - 1;
  });
  destination.on('error', () => {
    // Where would a failure of the log be logged? It is counted.
    dropped++;
  });
  // The destination looks through all that waits whenever something is added: lines are joined before they get there.
  let gathered = '';
  let gathering: NodeJS.Timeout | undefined;
  const writeGathered = (): void => {
    clearTimeout(gathering);
    gathering = undefined;
    const lines = gathered;
    gathered = '';
    // What is still held after a failure is tried again with these.
    if (lines !== '') destination.write(lines);
  };
  const flush = (): void => {
    try {
      writeGathered();
      destination.flushSync();
    } catch {
      // The reader is gone, or the descriptor is busy: what was held is lost.
      dropped++;
    }
  };
  return {
    write(line) {
      if (closed) {
        dropped++;
        return;
      }
      gathered += line;
      if (gathered.length >= gatheredLength) writeGathered();
      // Not unref'd: a process that runs out of work still writes its last lines.
      else gathering ??= setTimeout(writeGathered, GATHERED_MS);
    },
    get dropped() {
      return dropped;
    },
    flush,
    close() {
      if (closed) return;
      closed = true;
      flush();
    },
  };
}
