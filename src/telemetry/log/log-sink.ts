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
/** Lines are gathered up to this size or age: one write for many connections instead of one for each. */
const GATHERED_BYTES = 8 * 1024;
const GATHERED_MS = 50;

/** Node's own process.stdout blocks the whole process while a pipe is full, so it is not used. */
export function openLogSink(options: LogSinkOptions = {}): LogSink {
  const destination = pino.destination({
    dest: options.fd ?? 1,
    sync: false,
    minLength: GATHERED_BYTES,
    maxLength: options.maximumBytes ?? DEFAULT_MAXIMUM_BYTES,
  });
  let dropped = 0;
  let closed = false;
  destination.on('drop', () => {
    dropped++;
  });
  destination.on('error', () => {
    // Where would a failure of the log be logged? It is counted.
    dropped++;
  });
  let gathering: NodeJS.Timeout | undefined;
  const stopGathering = (): void => {
    clearTimeout(gathering);
    gathering = undefined;
  };
  const writeGathered = (): void => {
    gathering = undefined;
    // What is still held after a failure is tried again with the next lines.
    destination.flush();
  };
  const flush = (): void => {
    stopGathering();
    try {
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
      destination.write(line);
      // Not unref'd: a process that runs out of work still writes its last lines.
      gathering ??= setTimeout(writeGathered, GATHERED_MS);
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
