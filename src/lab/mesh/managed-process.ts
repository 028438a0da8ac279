import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { createBackoff, type Logger } from '../../base/index.ts';

/** What is run, and where its output goes. */
export interface ManagedProcessOptions {
  readonly name: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Where its output is appended. */
  readonly logFile: string;
  readonly log: Logger;
}

/** A process of the mesh that is started again whenever it ends, at most half a second later. */
export interface ManagedProcess {
  readonly pid: number | undefined;
  readonly restarts: number;
  /** What its last end looked like; undefined while it has not ended yet. */
  readonly lastEnd: string | undefined;
  signal(signal: NodeJS.Signals): void;
  /** Kills it and keeps it from being started again until `resume`. */
  hold(): void;
  resume(): void;
  /** Keeps it from being started again; it is the caller's to signal. Resolves when it has ended. */
  retire(): Promise<void>;
}

/** A run at least this long counts as healthy: the next restart comes at once again. */
const STEADY_MS = 5_000;

/** Starts it at once. */
export function startManagedProcess(options: ManagedProcessOptions): ManagedProcess {
  const backoff = createBackoff({ initialMs: 50, maximumMs: 500, factor: 2 });
  const { promise: gone, resolve: becomeGone } = Promise.withResolvers<void>();
  let child: ChildProcess | undefined;
  let restart: NodeJS.Timeout | undefined;
  let restarts = 0;
  let lastEnd: string | undefined;
  let retired = false;
  let held = false;

  const onEnd = (ending: string, startedAtMs: number): void => {
    child = undefined;
    lastEnd = ending;
    if (retired) {
      becomeGone();
      return;
    }
    if (held) return;
    if (Date.now() - startedAtMs > STEADY_MS) backoff.reset();
    const delayMs = backoff.next();
    options.log.warn('process ended', { process: options.name, ending, restartInMs: delayMs });
    restart = setTimeout(() => {
      restarts += 1;
      start();
    }, delayMs);
  };

  const start = (): void => {
    const [program = '', ...args] = options.command;
    const output = openSync(options.logFile, 'a');
    const started = spawn(program, args, {
      env: { ...options.environment },
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    child = started;
    const startedAtMs = Date.now();
    started.on('error', (error) => onEnd(error.message, startedAtMs));
    started.on('exit', (code, signal) => onEnd(signal ?? `exit ${code}`, startedAtMs));
  };

  start();
  return {
    get pid() {
      return child?.pid;
    },
    get restarts() {
      return restarts;
    },
    get lastEnd() {
      return lastEnd;
    },
    signal(signal) {
      child?.kill(signal);
    },
    hold() {
      held = true;
      // Else `resume` would start one, and the backoff another beside it.
      clearTimeout(restart);
      child?.kill('SIGKILL');
    },
    resume() {
      if (!held || retired) return;
      held = false;
      // Should the old one still be ending, its end starts the next.
      if (child === undefined) start();
    },
    retire() {
      retired = true;
      clearTimeout(restart);
      if (child === undefined) becomeGone();
      return gone;
    },
  };
}
