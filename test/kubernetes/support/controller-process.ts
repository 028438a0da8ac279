import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Test } from 'tap';
import { eventually } from './kubectl.ts';

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/** `nodemesh controller --kubernetes`: the program itself, with nothing in its environment but where it finds the cluster. */
export interface ControllerProcess {
  readonly name: string;
  /** What it has said so far. */
  readonly log: readonly LogLine[];
  readonly grpc: string;
  readonly webhookPort: number;
  readonly leads: () => boolean;
  metrics(): Promise<string>;
  /** SIGTERM: resolves with the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

/** Without waiting until it serves: its log, and how it ends. */
export function spawnController(
  t: Test,
  options: { readonly kubeconfig: string; readonly name: string; readonly flags?: readonly string[] },
) {
  const child = spawn(
    process.execPath,
    [
      ...['src/cli/main.ts', 'controller', '--kubernetes', '--kubeconfig', options.kubeconfig],
      ...['--instance', options.name, '--server-name', 'localhost', '--listen', '127.0.0.1:0'],
      ...['--admin', '127.0.0.1:0', '--operator', '127.0.0.1:0', '--webhook-listen', '127.0.0.1:0'],
      ...['--dashboard-address', 'none', '--log-format', 'json', ...(options.flags ?? [])],
    ],
    { env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const log: LogLine[] = [];
  const note = (line: string): void => {
    log.push(line.startsWith('{') ? (JSON.parse(line) as LogLine) : { level: 'stderr', message: line });
  };
  createInterface({ input: child.stdout }).on('line', note);
  createInterface({ input: child.stderr }).on('line', note);
  const ended = once(child, 'close').then(() => child.exitCode);
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> => {
    if (child.exitCode === null) child.kill(signal);
    return await ended;
  };
  t.teardown(() => end('SIGKILL'));
  return { log, ended, hasEnded: () => child.exitCode !== null || child.signalCode !== null, end };
}

/** Resolves when it serves. */
export async function startController(
  t: Test,
  options: { readonly kubeconfig: string; readonly name: string; readonly flags?: readonly string[] },
): Promise<ControllerProcess> {
  const { log, end, hasEnded } = spawnController(t, options);
  const seen = (): string => JSON.stringify(log.slice(-10));
  const started = (): LogLine | undefined => log.find(({ message }) => message === 'started');
  await eventually(
    'the controller',
    () => {
      if (hasEnded()) throw new Error(`the controller has ended: ${seen()}`);
      return started() !== undefined;
    },
    seen,
  );
  const portOf = (name: string): number => (started()?.[name] as Address | undefined)?.port ?? 0;
  return {
    name: options.name,
    log,
    grpc: `127.0.0.1:${portOf('grpc')}`,
    webhookPort: portOf('webhook'),
    leads: () => log.some(({ message }) => message === 'this replica leads'),
    metrics: async () => await (await fetch(`http://127.0.0.1:${portOf('admin')}/metrics`)).text(),
    stop: () => end('SIGTERM'),
    kill: async () => {
      await end('SIGKILL');
    },
  };
}
