import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type Clock, type Closable, describeError } from '../../base/index.ts';

/** Judges filters' modules, one after another, each in a thread of its own. */
export interface SyntaxCheck extends Closable {
  /** Why the module cannot be loaded; undefined: it can be, as it seems. Never rejects. */
  problemOf(source: string): Promise<string | undefined>;
}

/** Answers are kept, so that a module is judged once; closing ends the threads. */
export function createSyntaxCheck(clock: Clock): SyntaxCheck {
  const known = new Map<string, Promise<string | undefined>>();
  const running = new Set<Worker>();
  let last: Promise<unknown> = Promise.resolve();
  let isClosed = false;

  /** No two at once: filters are many only when a controller starts, and then it has other work too. */
  function queued(source: string): Promise<string | undefined> {
    const check = last.then(() => (isClosed ? undefined : judge(source)));
    last = check;
    return check;
  }

  function judge(source: string): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const worker = new Worker(THREAD, {
      workerData: source,
      execArgv: ['--experimental-vm-modules', '--no-warnings'],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: 128 },
    });
    running.add(worker);
    const timer = clock.after(LONGEST_MS, () => settle(`cannot be parsed within ${LONGEST_MS} ms`));
    const settle = (problem: string | undefined): void => {
      timer.cancel();
      running.delete(worker);
      resolve(problem);
      void worker.terminate();
    };
    worker.on('message', settle);
    worker.on('error', (error) => settle(`cannot be parsed: ${describeError(error)}`));
    worker.on('exit', () => settle('cannot be parsed: the parser ended'));
    return promise;
  }

  function stop(): void {
    isClosed = true;
    for (const worker of running) void worker.terminate();
  }

  return {
    problemOf(source) {
      const digest = createHash('sha256').update(source).digest('base64');
      const before = known.get(digest);
      if (before !== undefined) return before;
      const check = queued(source);
      known.set(digest, check);
      const [oldest] = known.keys();
      if (known.size > MOST_KNOWN && oldest !== undefined) known.delete(oldest);
      return check;
    },
    async close() {
      stop();
      await last;
    },
    destroy: stop,
  };
}

const THREAD = fileURLToPath(
  new URL(`./check-thread.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
);
const LONGEST_MS = 5_000;
const MOST_KNOWN = 1_000;
