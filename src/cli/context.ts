import { realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ClosableStack, createClosableStack } from '../base/index.ts';
import { createTerminal, type Terminal } from './terminal/index.ts';

/** What the process was given, read once and in one place. */
export interface CliContext {
  readonly terminal: Terminal;
  readonly userId: number;
  readonly runtimeDirectory: string | undefined;
  /** How this very program is started again. */
  readonly program: readonly string[];
  /** For everything that a lab runs: nothing else of the caller's environment gets in. */
  readonly labEnvironment: Readonly<Record<string, string>>;
  /** For a browser, which is the caller's own and needs what the desktop has set. */
  readonly browserEnvironment: Readonly<NodeJS.ProcessEnv>;
  readonly resolvConfTarget: string;
  /** Files that lead to a cluster, as kubectl takes them. */
  readonly kubeconfig: string | undefined;
  /** What a command has opened: closed when it is over. */
  readonly owned: ClosableStack;
  /** Ends the process with this status once everything is written. */
  setExitCode(code: number): void;
}

const SYSTEM_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** The only place that reads the environment; nothing of it is read later. */
export function createCliContext(running: NodeJS.Process): CliContext {
  const { env } = running;
  const userId = running.getuid?.() ?? 0;
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return {
    terminal: createTerminal({
      stdin: running.stdin,
      stdout: running.stdout,
      stderr: running.stderr,
      environment: env,
    }),
    userId,
    runtimeDirectory: env.XDG_RUNTIME_DIR === '' ? undefined : env.XDG_RUNTIME_DIR,
    program: [running.execPath, join(dirname(fileURLToPath(import.meta.url)), `main.${extension}`)],
    labEnvironment: {
      // This Node first, so that `node` in a pod is the one that runs the lab.
      PATH: [dirname(running.execPath), ...(env.PATH ?? '').split(delimiter), ...SYSTEM_PATH]
        .filter((entry, index, all) => entry !== '' && all.indexOf(entry) === index)
        .join(delimiter),
      HOME: env.HOME ?? '/',
      LANG: env.LANG ?? 'C.UTF-8',
      XTABLES_LOCKFILE: '/run/xtables.lock',
    },
    browserEnvironment: env,
    resolvConfTarget: realPathOf('/etc/resolv.conf'),
    kubeconfig: env.KUBECONFIG === '' ? undefined : env.KUBECONFIG,
    owned: createClosableStack(),
    setExitCode(code) {
      running.exitCode = code;
    },
  };
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return path;
    throw error;
  }
}
