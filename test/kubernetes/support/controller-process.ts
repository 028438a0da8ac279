import type { Test } from 'tap';
import { eventually } from './kubectl.ts';
import { type LogLine, type NodemeshProcess, spawnNodemesh } from './nodemesh-process.ts';

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
  /** Of one of its listeners, by its name in what it says when it has started: `dashboard`, `operator`, `admin`. */
  readonly portOf: (name: string) => number;
  readonly leads: () => boolean;
  metrics(): Promise<string>;
  /** SIGTERM: resolves with the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

export interface ControllerOptions {
  readonly kubeconfig: string;
  /** Of this replica. */
  readonly name: string;
  readonly flags?: readonly string[];
}

/** Without waiting until it serves: its log, and how it ends. */
export function spawnController(
  t: Test,
  { kubeconfig, name, flags = [] }: ControllerOptions,
): NodemeshProcess {
  return spawnNodemesh(t, [
    ...['controller', '--kubernetes', '--kubeconfig', kubeconfig],
    ...['--instance', name, '--server-name', 'localhost', '--listen', '127.0.0.1:0'],
    ...['--admin', '127.0.0.1:0', '--operator', '127.0.0.1:0', '--webhook-listen', '127.0.0.1:0'],
    ...['--dashboard-address', 'none', ...flags],
  ]);
}

/** Resolves when it serves. */
export async function startController(t: Test, options: ControllerOptions): Promise<ControllerProcess> {
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
    portOf,
    leads: () => log.some(({ message }) => message === 'this replica leads'),
    metrics: async () => await (await fetch(`http://127.0.0.1:${portOf('admin')}/metrics`)).text(),
    stop: () => end('SIGTERM'),
    kill: async () => {
      await end('SIGKILL');
    },
  };
}
