import { resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { createLabClient } from '../../../src/lab/client/index.ts';
import type { LabUnderTest } from '../../mesh/support/lab-under-test.ts';
import type { SteadyReport } from '../programs/client/steady-load.ts';
import { CLIENTS } from './waypoint-world.ts';

/** Requests at a steady rate from a client pod, for as long as a test wants. */
export interface SteadyLoad {
  /** What goes on from now on: failures are counted by it. */
  during(what: string): void;
  /** Ends the load; resolves with what came of it when the last request is over. */
  stop(): Promise<SteadyReport>;
}

export async function startSteadyLoad(
  lab: LabUnderTest,
  host: string,
  perSecond: number,
): Promise<SteadyLoad> {
  const status = JSON.parse(await lab.lab('status', '-o', 'json')) as { readonly stateDirectory: string };
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const program = resolve('test/waypoint-mesh/programs/client/steady-load.ts');
  const printed = text(stdout);
  const complained = text(stderr);
  const ended = createLabClient(status.stateDirectory).exec({
    namespace: CLIENTS,
    pod: 'client-1',
    container: '',
    command: [process.execPath, program, host, '80', String(perSecond)],
    stdin,
    stdout,
    stderr,
  });
  return {
    during: (what) => void stdin.write(`${what}\n`),
    async stop() {
      stdin.end();
      const code = await ended;
      stdout.end();
      stderr.end();
      if (code !== 0) throw new Error(`the load exited with ${code}: ${await complained}`);
      return JSON.parse(await printed) as SteadyReport;
    },
  };
}
