import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

/** The program itself, with nothing in its environment but where its own tools are; killed when the test ends. */
export interface NodemeshProcess {
  /** What it has said so far. */
  readonly log: readonly LogLine[];
  /** Resolves with the exit code, null where a signal ended it. */
  readonly ended: Promise<number | null>;
  hasEnded(): boolean;
  /** Resolves as `ended` does. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
}

/** A command of `nodemesh` that logs as JSON; lines that are none have the level `stderr`. */
export function spawnNodemesh(t: Test, parameters: readonly string[]): NodemeshProcess {
  const child = spawn(process.execPath, ['src/cli/main.ts', ...parameters, '--log-format', 'json'], {
    env: { PATH: process.env.PATH, ...lockFile() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: LogLine[] = [];
  const note = (line: string): void => {
    log.push(line.startsWith('{') ? (JSON.parse(line) as LogLine) : { level: 'stderr', message: line });
  };
  createInterface({ input: child.stdout }).on('line', note);
  createInterface({ input: child.stderr }).on('line', note);
  const ended = once(child, 'close').then(() => child.exitCode);
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> => {
    if (!hasEnded()) child.kill(signal);
    return await ended;
  };
  t.teardown(() => end('SIGKILL'));
  return { log, ended, hasEnded, end };
}

/** In a sandbox iptables locks a file of the sandbox. */
function lockFile(): { readonly XTABLES_LOCKFILE?: string } {
  const { XTABLES_LOCKFILE: file } = process.env;
  return file === undefined ? {} : { XTABLES_LOCKFILE: file };
}
