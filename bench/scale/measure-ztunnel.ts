import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { largestResidentMebibytes } from '../macro/process-usage.ts';

/** A real ztunnel that holds a whole mesh. */
export interface ZtunnelFigures {
  /** Milliseconds from its start to its readiness, which comes with the first answers to everything. */
  readonly readyMs: number;
  /** With the whole mesh in it, five seconds later. */
  readonly mebibytes: number;
  /** Before the first answer. */
  readonly emptyMebibytes: number;
}

const READY_WITHIN_MS = 300_000;

/** Starts the built ztunnel for a node without pods: what it knows is all there is to it. It is ended afterwards. */
export async function measureZtunnel(plan: {
  /** Of the controller, on loopback. */
  readonly port: number;
  readonly roots: string;
  readonly folder: string;
}): Promise<ZtunnelFigures> {
  const { port, roots, folder } = plan;
  const token = join(folder, 'token');
  mkdirSync(join(folder, 'netns'), { recursive: true });
  writeFileSync(token, 'a-node-without-pods');
  const log = openSync(join(folder, 'ztunnel.log'), 'a');
  const readiness = await freePort();
  const startedMs = performance.now();
  const ztunnel = spawn(
    process.execPath,
    [
      'dist/cli/main.js',
      'ztunnel',
      ...[
        '--node',
        'a-node-without-pods',
        '--controller',
        `127.0.0.1:${port}`,
        '--controller-name',
        '127.0.0.1',
      ],
      ...['--root-cert-file', roots, '--token-file', token, '--netns-dir', join(folder, 'netns')],
      ...['--admin', '127.0.0.1:0', '--metrics', '127.0.0.1:0', '--readiness', `127.0.0.1:${readiness}`],
      ...['--dashboard-address', 'none', '--drain-timeout', '0s'],
    ],
    { stdio: ['ignore', log, log] },
  );
  closeSync(log);
  const resident = (): number => largestResidentMebibytes(ztunnel.pid === undefined ? [] : [ztunnel.pid]);
  try {
    let emptyMebibytes = 0;
    for (;;) {
      if (ztunnel.exitCode !== null || performance.now() - startedMs > READY_WITHIN_MS)
        throw new Error(`the ztunnel did not become ready: see ${join(folder, 'ztunnel.log')}`);
      const answer = await ask(readiness);
      if (answer === 'ready') break;
      if (answer === 'not ready' && emptyMebibytes === 0) emptyMebibytes = resident();
      await delay(20);
    }
    const readyMs = performance.now() - startedMs;
    await delay(5000);
    return { readyMs, mebibytes: resident(), emptyMebibytes };
  } finally {
    ztunnel.kill('SIGKILL');
  }
}

async function ask(port: number): Promise<'ready' | 'not ready' | 'no answer'> {
  try {
    const { ok } = await fetch(`http://127.0.0.1:${port}/healthz/ready`);
    return ok ? 'ready' : 'not ready';
  } catch {
    return 'no answer'; // it does not listen yet
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
