import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';

/** A redis-server of the test's own, on a free port of the loopback; it keeps nothing on disk. */
export interface RedisProcess {
  readonly port: number;
  start(...options: readonly string[]): Promise<void>;
  /** At once, as a crash would. */
  kill(): Promise<void>;
  /** Stops it from answering without closing anything; `resume` lets it go on. */
  pause(): void;
  resume(): void;
  /** Sends one command and returns the raw reply. */
  command(...parts: readonly string[]): Promise<string>;
}

export async function createRedis(t: Test): Promise<RedisProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'nodemesh-redis-'));
  const port = await freePort();
  let running: ChildProcess | undefined;
  const redis: RedisProcess = {
    port,
    async start(...options) {
      const server = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', directory];
      running = spawn('redis-server', [...server, ...options], { stdio: 'ignore' });
      running.on('error', (error) => t.fail(`redis-server cannot be started: ${error.message}`));
      for (let round = 0; round < 500; round++) {
        const probe = await tryConnect(port);
        probe?.destroy();
        if (probe !== undefined) return;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      throw new Error('redis-server does not listen');
    },
    async kill() {
      const process = running;
      running = undefined;
      if (process === undefined || process.exitCode !== null) return;
      process.kill('SIGKILL');
      await once(process, 'exit');
    },
    pause: () => void running?.kill('SIGSTOP'),
    resume: () => void running?.kill('SIGCONT'),
    async command(...parts) {
      const socket = await tryConnect(port);
      if (socket === undefined) throw new Error('redis-server is not there');
      socket.end(`${parts.map((part) => JSON.stringify(part)).join(' ')}\r\n`);
      let reply = '';
      for await (const chunk of socket) reply += String(chunk);
      return reply;
    },
  };
  t.teardown(async () => {
    await redis.kill();
    await rm(directory, { recursive: true });
  });
  return redis;
}

/** Undefined: nobody listens. */
export async function tryConnect(port: number): Promise<Socket | undefined> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return socket;
  } catch {
    // Not (yet) there, which is an answer too.
    return undefined;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}
