import { readFile, stat } from 'node:fs/promises';
import {
  type Clock,
  type Closable,
  createSignal,
  describeError,
  type Logger,
  type Signal,
  silentLogger,
  systemClock,
  type Timer,
} from '../../base/index.ts';
import { WireError } from '../errors.ts';

/** Where the certificates that the controller is checked against come from. */
export interface RootCertificates {
  /** PEM, read anew. Rejects with WireError ERR_WIRE_CREDENTIALS. */
  read(): Promise<string>;
  /** Emitted after the content changed and has rested. */
  readonly changes: Signal<void>;
}

/** Which file, and how often it is looked at. */
export interface RootCertificateFileOptions {
  readonly path: string;
  readonly clock?: Clock;
  readonly log?: Logger;
  /** How often the file is looked at, and how long a change must have rested. Default 2,000. */
  readonly intervalMs?: number;
}

/**
 * Watches a file by looking at it: mounted ConfigMaps are replaced by moving links, which file watchers lose. Close it
 * to stop the looking.
 */
export function watchRootCertificateFile(options: RootCertificateFileOptions): RootCertificates & Closable {
  const { path } = options;
  const clock = options.clock ?? systemClock;
  const log = options.log ?? silentLogger;
  const intervalMs = options.intervalMs ?? 2000;
  const changes = createSignal<void>();
  let timer: Timer | undefined;
  let closed = false;
  let current: string | undefined;
  let candidate: string | undefined;
  let stamp = '';

  const look = async (): Promise<void> => {
    try {
      const { mtimeMs, ino, size } = await stat(path);
      const seen = `${mtimeMs} ${ino} ${size}`;
      if (seen !== stamp || candidate !== undefined) {
        stamp = seen;
        judge(await readFile(path, 'utf8'));
      }
    } catch (error) {
      log.debug('root certificates not readable', { path, error: describeError(error) });
    }
    if (!closed) timer = clock.after(intervalMs, look);
  };

  const judge = (content: string): void => {
    if (current === undefined || content === current) {
      current = content;
      candidate = undefined;
    } else if (content === candidate) {
      current = content;
      candidate = undefined;
      if (!closed) changes.emit();
    } else candidate = content;
  };

  timer = clock.after(0, look);
  const destroy = (): void => {
    closed = true;
    timer?.cancel();
  };
  return {
    changes,
    read: () => readCredential(path, 'root certificates'),
    async close() {
      destroy();
    },
    destroy,
  };
}

/** Rejects with WireError ERR_WIRE_CREDENTIALS; `what` names it in the message. */
export async function readCredential(path: string, what: string): Promise<string> {
  try {
    const content = await readFile(path, 'utf8');
    if (content.trim() !== '') return content;
  } catch (cause) {
    const message = `cannot read the ${what} ${path}`;
    throw new WireError({ code: 'ERR_WIRE_CREDENTIALS', blame: 'local', message, retryable: true, cause });
  }
  const message = `the file of the ${what} ${path} is empty`;
  throw new WireError({ code: 'ERR_WIRE_CREDENTIALS', blame: 'local', message, retryable: true });
}
