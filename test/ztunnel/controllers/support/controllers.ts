import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endProcess } from '../../../support/netns.ts';

/** `nodemesh controller --kubernetes` as users run it: one of several replicas. */
export interface ControllerProcess {
  readonly instance: string;
  /** For proxies; the same after every start. */
  readonly port: number;
  /** For metrics and readiness. */
  readonly adminPort: number;
  /** What it has said, of all its lives, one JSON object a line. */
  readonly lines: readonly string[];
  /** Resolves when it serves. Rejects when it ends before. */
  start(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  terminate(): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

export async function createControllerProcess(options: {
  readonly instance: string;
  readonly kubeconfig: string;
  readonly compileCache: string;
  readonly flags: readonly string[];
}): Promise<ControllerProcess> {
  const { instance, kubeconfig } = options;
  const [port, adminPort, operatorPort] = await freePorts(3);
  const lines: string[] = [];
  let child: ChildProcess | undefined;

  function run(): ChildProcess {
    return spawn(
      process.execPath,
      [
        join(import.meta.dirname, '../../../../src/cli/main.ts'),
        ...['controller', '--kubernetes', '--kubeconfig', kubeconfig, '--instance', instance],
        ...['--listen', `127.0.0.1:${port}`, '--server-name', 'controller.test'],
        ...['--admin', `127.0.0.1:${adminPort}`, '--operator', `127.0.0.1:${operatorPort}`],
        ...['--dashboard-address', 'none', '--log-format', 'json', ...options.flags],
      ],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, NODE_COMPILE_CACHE: options.compileCache },
      },
    );
  }

  return {
    instance,
    port: port ?? 0,
    adminPort: adminPort ?? 0,
    lines,
    async start() {
      const started = run();
      child = started;
      const serving = Promise.withResolvers<void>();
      const output = started.stdout;
      if (output === null) throw new Error('it was started with a pipe');
      createInterface({ input: output }).on('line', (line) => {
        lines.push(line);
        if (process.env.ZT_LOG === '1') process.stderr.write(`[${instance}] ${line}\n`);
        if (line.includes('"controller is serving"')) serving.resolve();
      });
      started.once('exit', (code) =>
        serving.reject(new Error(`${instance} exited with ${code}:\n${lines.slice(-5).join('\n')}`)),
      );
      await serving.promise;
    },
    async terminate() {
      if (child === undefined) return null;
      const ended = once(child, 'close');
      child.kill('SIGTERM');
      await ended;
      return child.exitCode;
    },
    async kill() {
      if (child !== undefined) await endProcess(child);
    },
  };
}

/** Free now, all at once, so that no two are the same. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
