import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileCache } from '../../support/compile-cache.ts';
import { endProcess } from '../../support/netns.ts';

/** Where a ztunnel finds the controller, and keeps what is its own. */
export interface ControllerPlace {
  readonly directory: string;
  readonly port: number;
  /** The ztunnel's token. Default: its node's name. */
  readonly token?: string;
}

/** `nodemesh ztunnel` as users run it. */
export interface ZtunnelProcess {
  readonly pid: number;
  readonly lines: readonly string[];
  /** Resolves when it says that it is ready; with how long that took since the start. */
  readonly ready: Promise<number>;
  /** Resolves with the exit code, however it ends. */
  readonly ended: Promise<number | null>;
  /** SIGTERM: resolves with the exit code once it has drained. */
  terminate(): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

export function startZtunnel(
  controller: ControllerPlace,
  options: {
    readonly node: string;
    readonly adminPort: number;
    readonly drainTimeout?: string;
    readonly flags?: readonly string[];
  },
): ZtunnelProcess {
  const tokenFile = join(controller.directory, `${options.node}.token`);
  writeFileSync(tokenFile, controller.token ?? options.node);
  const startedMs = performance.now();
  const child: ChildProcess = spawn(
    process.execPath,
    [
      join(import.meta.dirname, 'run-ztunnel.ts'),
      'ztunnel',
      ...['--node', options.node],
      ...['--controller', `127.0.0.1:${controller.port}`],
      ...['--controller-name', 'controller.test'],
      ...['--root-cert-file', join(controller.directory, 'root.pem')],
      ...['--token-file', tokenFile],
      ...['--state-file', join(controller.directory, `state-${options.node}`, 'state')],
      ...['--admin', `127.0.0.1:${options.adminPort}`],
      ...['--metrics', `127.0.0.1:${options.adminPort + 1}`],
      ...['--readiness', `127.0.0.1:${options.adminPort + 2}`],
      ...['--drain-timeout', options.drainTimeout ?? '5s'],
      ...(options.flags ?? []),
    ],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      // Twenty starts in one test: what is compiled once need not be again.
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache(controller.directory) },
    },
  );
  const lines: string[] = [];
  const ready = Promise.withResolvers<number>();
  const ended = once(child, 'close').then(() => child.exitCode);
  let rest = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) {
      lines.push(line);
      if (process.env.ZT_LOG === '1') process.stderr.write(`[${child.pid}] ${line}\n`);
      if (line.split('\t')[3] === 'ready') ready.resolve(performance.now() - startedMs);
    }
  });
  child.once('exit', (code) =>
    ready.reject(new Error(`exited with ${code}:\n${lines.slice(-5).join('\n')}`)),
  );
  ready.promise.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    lines,
    ready: ready.promise,
    ended,
    terminate() {
      child.kill('SIGTERM');
      return ended;
    },
    kill: () => endProcess(child),
  };
}
