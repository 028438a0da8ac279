import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { createLabClient } from '../../../src/lab/client/index.ts';
import type { ClientAnswer, LabUnderTest, PodName, Target } from './lab-under-test.ts';

/** What goes on beside what a test does. */
export interface Load {
  /** What came of it, when it is stopped or has ended by itself. */
  readonly answer: Promise<ClientAnswer>;
  /** Ends it, a little later than now and not before its least length: what follows a change is part of the load. */
  stop(): Promise<ClientAnswer>;
}

/**
 * New connections at a steady rate (`rate`, so many a second), or some that are held (`hold`), from a pod until they are
 * stopped. Resolves when they are under way; rejects when they end before that.
 */
export async function startLoad(
  lab: LabUnderTest,
  pod: PodName,
  { behaviour, amount, target }: LoadOptions,
): Promise<Load> {
  const status = JSON.parse(await lab.lab('status', '-o', 'json')) as { readonly stateDirectory: string };
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const ended = createLabClient(status.stateDirectory).exec({
    ...{ namespace: pod.namespace, pod: pod.name, container: '' },
    command: [process.execPath, CLIENT, behaviour, target.host, `${target.port}`, `${amount}`, '-'],
    ...{ stdin, stdout, stderr },
  });
  const lines: string[] = [];
  const begun = Promise.withResolvers<void>();
  createInterface({ input: stdout }).on('line', (line) => {
    lines.push(line);
    begun.resolve();
  });
  createInterface({ input: stderr }).on('line', (line) => lines.push(line));
  const answer = ended.then((code) => {
    stdout.end();
    stderr.end();
    if (code === 0 && lines.length > 1) return JSON.parse(lines.at(-1) ?? '') as ClientAnswer;
    throw new Error(`${behaviour} from ${pod.namespace}/${pod.name} ended with ${code}: ${lines.join('\n')}`);
  });
  await Promise.race([begun.promise, answer]);
  const leastUntilMs = performance.now() + LEAST_SECONDS * 1000;
  return {
    answer,
    async stop() {
      const moreMs = Math.max(AFTERWARDS_MS, leastUntilMs - performance.now());
      await new Promise((after) => setTimeout(after, moreMs));
      stdin.end();
      return answer;
    },
  };
}

export interface LoadOptions {
  readonly behaviour: 'rate' | 'hold';
  /** Connections, or connections a second. */
  readonly amount: number;
  readonly target: Target;
}

/** Whether any of it failed. */
export function hasFailures(answer: ClientAnswer): boolean {
  return 'ok' in answer ? answer.ok !== answer.total : answer.failed !== 0;
}

const CLIENT = join(resolve('test/mesh/programs'), 'client.ts');
/** `NODEMESH_TEST_SECONDS=60` for load of the full length; by default it is as long as what it goes on beside. */
const LEAST_SECONDS = Number(process.env.NODEMESH_TEST_SECONDS ?? 0);
const AFTERWARDS_MS = 2_000;
