import { fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { cpuSeconds, largestResidentMebibytes } from '../macro/process-usage.ts';

/** A program of `programs/` that obeys orders. */
export interface Child<Order, Report extends { readonly kind: string }> {
  send(order: Order): void;
  /** The next report of this kind; rejects when the program ends first, or after a quarter of an hour. */
  next<Kind extends Report['kind']>(kind: Kind): Promise<Extract<Report, { readonly kind: Kind }>>;
  /** Seconds of CPU that it has used so far. */
  cpu(): number;
  /** Its resident memory. */
  mebibytes(): number;
  /** Resolves when it has ended; kills it when that takes longer than ten seconds. */
  ended(): Promise<void>;
}

const PATIENCE_MS = 900_000;

export function startChild<Order extends object, Report extends { readonly kind: string }>(
  program: string,
  parameters: readonly string[],
): Child<Order, Report> {
  const file = fileURLToPath(new URL(`programs/${program}`, import.meta.url));
  const child = fork(file, parameters, { execArgv: ['--max-old-space-size=4096', '--expose-gc'] });
  const pids = child.pid === undefined ? [] : [child.pid];
  const over = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const untaken: Report[] = [];
  const arrivals = new EventEmitter();
  child.on('message', (report: Report) => {
    untaken.push(report);
    arrivals.emit('any');
  });
  child.once('exit', () => arrivals.emit('any'));

  /** Reports come in any order: each is kept until somebody asks for its kind. */
  async function next<Kind extends Report['kind']>(
    kind: Kind,
  ): Promise<Extract<Report, { readonly kind: Kind }>> {
    const patience = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const index = untaken.findIndex((report) => report.kind === kind);
      const [report] = index < 0 ? [] : untaken.splice(index, 1);
      if (report !== undefined) return report as Extract<Report, { readonly kind: Kind }>;
      if (child.exitCode !== null) throw new Error(`${program}: expected the report ${kind}, got its end`);
      await once(arrivals, 'any', { signal: patience });
    }
  }

  return {
    send(order) {
      if (child.connected) child.send(order);
    },
    next,
    cpu: () => cpuSeconds(pids),
    mebibytes: () => largestResidentMebibytes(pids),
    async ended() {
      const patience = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await over;
      clearTimeout(patience);
    },
  };
}
