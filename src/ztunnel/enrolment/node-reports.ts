import { type Clock, createBackoff, describeError, type Logger, sleep } from '../../base/index.ts';
import type { EnrolmentReceipt, EnrolmentReport, WorkloadUid } from '../../model/index.ts';
import type { PodReport } from './ports.ts';

/** Reports of one moment go out together, so that a hundred pods are not a hundred calls. */
const GATHER_MS = 5;
const RETRY = { initialMs: 100, maximumMs: 5_000, jitter: 0.2 };

/** Tells the controller where each pod of this node stands. */
export interface NodeReports {
  /**
   * Resolves with the receipt of the report that carried it; rejects when that report was not delivered. The state is
   * then still sent again until a report arrives, unless a newer state of the pod has taken its place.
   */
  report(report: PodReport): Promise<EnrolmentReceipt>;
  /**
   * Resolves when all pods of the mesh that join or leave now have come as far as ours were reported to be. Rejects
   * when the controller cannot be asked.
   */
  othersInStep(): Promise<EnrolmentReceipt>;
  /** Says everything again, for a controller that may have forgotten (or is another one). */
  repeat(): void;
  close(): void;
}

/** `send` makes one call. Each report carries every pod of the node, so that none depends on one that was lost. */
export function createNodeReports(deps: {
  readonly node: string;
  readonly send: (report: EnrolmentReport, signal: AbortSignal) => Promise<EnrolmentReceipt>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
}): NodeReports {
  const latest = new Map<WorkloadUid, PodReport>();
  const stopping = new AbortController();
  let waiting: { resolve: (receipt: EnrolmentReceipt) => void; reject: (error: unknown) => void }[] = [];
  let gathering = false;
  let retrying = false;
  let generation = 0;
  let inStep: Promise<EnrolmentReceipt> | undefined;

  function nextGeneration(): number {
    // Later processes of this node must outrank earlier ones: time does, as long as reports are rarer than milliseconds.
    generation = Math.max(generation + 1, deps.clock.now());
    return generation;
  }

  async function flush(): Promise<void> {
    gathering = false;
    const answered = waiting;
    waiting = [];
    const carried = [...latest.values()];
    try {
      const receipt = await deps.send(
        { node: deps.node, generation: nextGeneration(), pods: carried.map(entry) },
        stopping.signal,
      );
      for (const report of carried)
        if (report.state === 'released' && latest.get(report.uid) === report) latest.delete(report.uid);
      for (const { resolve } of answered) resolve(receipt);
    } catch (error) {
      for (const { reject } of answered) reject(error);
      if (!stopping.signal.aborted) retry(error);
    }
  }

  const backoff = createBackoff(RETRY, deps.random);
  function retry(error: unknown): void {
    if (retrying) return;
    retrying = true;
    const delayMs = backoff.next();
    deps.log.warn('node report failed', { error: describeError(error), retryInMs: delayMs });
    sleep(deps.clock, delayMs, stopping.signal).then(
      () => {
        retrying = false;
        gather();
      },
      () => {
        retrying = false;
      },
    );
  }

  function gather(): void {
    if (gathering || stopping.signal.aborted) return;
    gathering = true;
    deps.clock.after(GATHER_MS, () => void flush());
  }

  return {
    report(report) {
      latest.set(report.uid, report);
      return new Promise((resolve, reject) => {
        if (stopping.signal.aborted) {
          reject(stopping.signal.reason);
          return;
        }
        waiting.push({ resolve, reject });
        gather();
      });
    },
    othersInStep() {
      // Pods that come later wait for the same moment.
      inStep ??= deps
        .send(
          { node: deps.node, generation: nextGeneration(), pods: [], awaitsOthers: true },
          stopping.signal,
        )
        .finally(() => {
          inStep = undefined;
        });
      return inStep;
    },
    repeat() {
      backoff.reset();
      if (latest.size > 0) gather();
    },
    close() {
      stopping.abort(new Error('node reports are closed'));
      for (const { reject } of waiting.splice(0)) reject(stopping.signal.reason);
    },
  };
}

function entry(report: PodReport): EnrolmentReport['pods'][number] {
  return {
    uid: report.uid,
    state: report.state,
    errorCode: report.failure?.code ?? '',
    error: report.failure?.message ?? '',
  };
}
