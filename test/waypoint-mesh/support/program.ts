import { resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { createLabClient } from '../../../src/lab/client/index.ts';
import type { LabUnderTest, PodName } from '../../mesh/support/lab-under-test.ts';

/** A program of programs/ that runs in a pod and listens to its standard input. */
export interface RunningProgram {
  write(line: string): void;
  /** Ends its input; resolves with what it printed. Rejects when it failed. */
  finish(): Promise<string>;
}

export async function startProgram(
  lab: LabUnderTest,
  pod: PodName,
  program: string,
  ...args: readonly string[]
): Promise<RunningProgram> {
  const status = JSON.parse(await lab.lab('status', '-o', 'json')) as { readonly stateDirectory: string };
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const printed = text(stdout);
  const complained = text(stderr);
  const ended = createLabClient(status.stateDirectory).exec({
    namespace: pod.namespace,
    pod: pod.name,
    container: '',
    command: [process.execPath, resolve('test/waypoint-mesh/programs', program), ...args],
    stdin,
    stdout,
    stderr,
  });
  return {
    write: (line) => void stdin.write(`${line}\n`),
    async finish() {
      stdin.end();
      const code = await ended;
      stdout.end();
      stderr.end();
      if (code !== 0) throw new Error(`${program} exited with ${code}: ${await complained}`);
      return printed;
    },
  };
}
