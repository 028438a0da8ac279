import type { Clock } from '../../base/index.ts';
import { KEPT_MS, SLOT_MS, type Workload, type WorkloadUid } from '../../model/index.ts';

/** What was done for a pod. */
export interface Work {
  /** Connections made or refused. */
  readonly connects?: number;
  readonly bytes?: number;
}

/** The part of the proxy's work that was for one pod. */
export interface CostShare {
  /** 0 to 1, of the processor time that the proxy used. */
  readonly cpuShare: number;
  /** Processor seconds per second. */
  readonly cpuCores: number;
  /** 0 to 1, of the bytes that the proxy carried. */
  readonly bandwidthShare: number;
}

/** Since the process started, for one workload whose pods count as one. */
export interface WorkloadTotals {
  readonly namespace: string;
  readonly workload: string;
  readonly connects: number;
  readonly bytes: number;
  readonly cpuSeconds: number;
}

/**
 * Who makes the proxy work how much. Nobody can measure that in one process, so its processor time is shared out by what was
 * done for whom: each connection and each byte weighs what the benchmarks found it to cost.
 */
export interface CostLedger {
  note(pod: Workload, work: Work): void;
  /** Over the last `windowMs`. Undefined: nothing was done for the pod. */
  share(windowMs: number): (pod: WorkloadUid) => CostShare | undefined;
  totals(): readonly WorkloadTotals[];
}

/** Microseconds of one proxy (bench/results: half of what a pair of them takes). Only their ratio matters. */
const CONNECT_MICROSECONDS = 470;
const BYTE_MICROSECONDS = 0.006;
/** Workloads with totals of their own; the work for further ones is summed up as `other`. */
const MOST_WORKLOADS = 1_000;

interface Sum {
  connects: number;
  bytes: number;
  cpuSeconds: number;
}

interface Slot {
  readonly startMs: number;
  readonly all: Sum;
  readonly byPod: Map<WorkloadUid, Sum>;
}

interface Total extends Sum {
  readonly namespace: string;
  readonly workload: string;
  lastMs: number;
}

/** `cpuSeconds`: processor time that the process has used so far. */
export function createCostLedger(deps: {
  readonly clock: Clock;
  readonly cpuSeconds: () => number;
}): CostLedger {
  const { clock, cpuSeconds } = deps;
  const slots: Slot[] = [];
  const totals = new Map<string, Total>();
  const other: Total = { ...nothing(), namespace: '', workload: 'other', lastMs: 0 };
  const pending = new Map<WorkloadUid, { readonly pod: Workload; connects: number; bytes: number }>();
  const startedMs = clock.now();
  let settledCpu = cpuSeconds();
  let pendingStartMs = startedMs;

  function slotAt(nowMs: number): Slot {
    const startMs = Math.floor(nowMs / SLOT_MS) * SLOT_MS;
    const last = slots.at(-1);
    if (last?.startMs === startMs) return last;
    const slot: Slot = { startMs, all: nothing(), byPod: new Map() };
    slots.push(slot);
    while ((slots[0]?.startMs ?? startMs) < startMs - KEPT_MS) slots.shift();
    return slot;
  }

  function totalOf({ namespace, workloadName }: Workload, nowMs: number): Total {
    const key = `${namespace}/${workloadName}`;
    const known = totals.get(key);
    if (known !== undefined) {
      known.lastMs = nowMs;
      return known;
    }
    if (totals.size >= MOST_WORKLOADS) return other;
    const made = { ...nothing(), namespace, workload: workloadName, lastMs: nowMs };
    totals.set(key, made);
    return made;
  }

  function expire(nowMs: number): void {
    for (const [key, { lastMs }] of totals) if (lastMs < nowMs - KEPT_MS) totals.delete(key);
  }

  /** Shares out the processor time since the last time among those for whom something was done meanwhile. */
  function settle(): void {
    const nowMs = clock.now();
    const used = cpuSeconds();
    const spent = used - settledCpu;
    settledCpu = used;
    const slot = slotAt(pendingStartMs);
    slot.all.cpuSeconds += spent;
    let weight = 0;
    for (const work of pending.values()) weight += weightOf(work);
    for (const [uid, work] of pending) {
      const done: Sum = {
        connects: work.connects,
        bytes: work.bytes,
        cpuSeconds: weight === 0 ? 0 : (spent * weightOf(work)) / weight,
      };
      const ofPod = slot.byPod.get(uid) ?? nothing();
      slot.byPod.set(uid, ofPod);
      add(ofPod, done);
      add(totalOf(work.pod, nowMs), done);
      slot.all.connects += done.connects;
      slot.all.bytes += done.bytes;
    }
    pending.clear();
    pendingStartMs = nowMs;
    expire(nowMs);
  }

  return {
    note(pod, { connects = 0, bytes = 0 }) {
      if (clock.now() >= pendingStartMs + SLOT_MS) settle();
      const work = pending.get(pod.uid);
      if (work === undefined) pending.set(pod.uid, { pod, connects, bytes });
      else {
        work.connects += connects;
        work.bytes += bytes;
      }
    },
    share(windowMs) {
      settle();
      const nowMs = clock.now();
      const fromMs = nowMs - windowMs;
      const all = nothing();
      const byPod = new Map<WorkloadUid, Sum>();
      for (const slot of slots) {
        if (slot.startMs + SLOT_MS <= fromMs) continue;
        add(all, slot.all);
        for (const [uid, sum] of slot.byPod) {
          const known = byPod.get(uid) ?? nothing();
          byPod.set(uid, known);
          add(known, sum);
        }
      }
      const seconds = Math.max(1_000, Math.min(windowMs, nowMs - startedMs)) / 1_000;
      return (uid) => {
        const own = byPod.get(uid);
        if (own === undefined) return undefined;
        return {
          cpuShare: all.cpuSeconds === 0 ? 0 : own.cpuSeconds / all.cpuSeconds,
          cpuCores: own.cpuSeconds / seconds,
          bandwidthShare: all.bytes === 0 ? 0 : own.bytes / all.bytes,
        };
      };
    },
    totals() {
      settle();
      return other.connects === 0 && other.bytes === 0 ? [...totals.values()] : [...totals.values(), other];
    },
  };
}

function weightOf({ connects, bytes }: { readonly connects: number; readonly bytes: number }): number {
  return connects * CONNECT_MICROSECONDS + bytes * BYTE_MICROSECONDS;
}

function nothing(): Sum {
  return { connects: 0, bytes: 0, cpuSeconds: 0 };
}

function add(sum: Sum, more: Sum): void {
  sum.connects += more.connects;
  sum.bytes += more.bytes;
  sum.cpuSeconds += more.cpuSeconds;
}
