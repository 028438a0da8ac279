import type { BenchLab, LoadReport, Variant } from './bench-lab.ts';
import { median } from './median.ts';
import { cpuSeconds, isTcpMemoryShort, largestResidentMebibytes } from './process-usage.ts';

/** What one variant came to: the median of its rounds. */
export interface VariantFigures {
  readonly variant: Variant;
  readonly latencyMs: {
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly p999: number;
  };
  /** Processor seconds of all of the variant's proxies for a thousand requests a second, for a second. */
  readonly cpuPerThousandRps: number | undefined;
  /**
   * Processor time of all of the variant's proxies for one request (32 connections), one new connection, one gigabit
   * (one stream). Unlike the rates, these hardly depend on what else the machine does.
   */
  readonly cpuMicroseconds:
    | { readonly request: number; readonly connection: number; readonly gigabit: number }
    | undefined;
  readonly rps: { readonly one: number; readonly thirtyTwo: number; readonly many: number };
  readonly newConnectionsPerSecond: number;
  readonly bulkMegabits: { readonly one: number; readonly eight: number };
  /** Of the largest proxy, after all that. */
  readonly residentMebibytes: number | undefined;
}

export interface MeasurePlan {
  /** Per sample; latency takes twice as long. */
  readonly seconds: number;
  readonly rounds: number;
  readonly progress: (text: string) => void;
}

type Samples = Map<string, number[]>;

/**
 * Every figure is taken from all variants back to back, and all of it again in each round, so that what else goes on
 * on the machine meets them alike.
 */
export async function measureVariants(
  lab: BenchLab,
  variants: readonly Variant[],
  plan: MeasurePlan,
): Promise<readonly VariantFigures[]> {
  const samples = new Map<Variant, Samples>(variants.map((variant) => [variant, new Map()]));
  plan.progress('warming up');
  for (const load of WARM_UPS)
    for (const variant of variants) await runLoad(lab, variant, { ...load, seconds: 1 });
  for (let round = 1; round <= plan.rounds; round++) {
    for (const step of STEPS) {
      for (const variant of variants) {
        const seconds = plan.seconds * (step.lengthFactor ?? 1);
        const report = await takeSample(lab, variant, { ...step, seconds });
        for (const name of [...step.figures, 'cpu', 'cpuEach'])
          note(samples.get(variant), `${step.title} ${name}`, report[name]);
        plan.progress(`${round}/${plan.rounds} ${variant}: ${step.title} ${summary(step, report)}`);
      }
    }
  }
  return variants.map((variant) => figuresOf(lab, variant, samples.get(variant) ?? new Map()));
}

/** Resident memory of the fuller ztunnel with 100 pods on each node: at rest, with 1,000 and with 5,000 connections. */
export interface MemoryFigures {
  readonly pods: number;
  readonly thousand: number;
  readonly fiveThousand: number;
}

/** Wants a fresh lab: what a load before has left in the heap is not what connections take. */
export async function measureMemory(lab: BenchLab, plan: MeasurePlan): Promise<MemoryFigures> {
  plan.progress('memory: 100 pods on each node');
  await lab.addCrowd(99);
  const ztunnels = lab.proxies('nodemesh');
  const pods = largestResidentMebibytes(ztunnels);
  plan.progress(`memory: ${pods} MiB`);
  const held: number[] = [];
  for (const connections of [1000, 5000]) {
    let largest = 0;
    const sampler = setInterval(() => {
      largest = Math.max(largest, largestResidentMebibytes(ztunnels));
    }, 250);
    const report = await runLoad(lab, 'nodemesh', { mode: 'idle', connections, seconds: 6 });
    clearInterval(sampler);
    if (report.alive !== connections) throw new Error(`${report.alive} of ${connections} connections lived`);
    plan.progress(`memory: ${connections} connections ${largest} MiB`);
    held.push(largest);
  }
  return { pods, thousand: held[0] ?? 0, fiveThousand: held[1] ?? 0 };
}

interface Load {
  readonly mode: string;
  readonly connections: number;
  readonly seconds: number;
}

interface Step extends Omit<Load, 'seconds'> {
  readonly title: string;
  /** Names in the report that are figures. */
  readonly figures: readonly string[];
  readonly lengthFactor?: number;
}

/** So that compilers have seen what is measured; connections take the longest. */
const WARM_UPS: readonly Omit<Load, 'seconds'>[] = ['throughput', 'connections', 'connections', 'bulk'].map(
  (mode) => ({ mode, connections: 16 }),
);
const PERCENTILES = ['p50', 'p90', 'p99', 'p999'] as const;
const STEPS: readonly Step[] = [
  {
    ...{ title: 'latency', mode: 'latency', connections: 16, lengthFactor: 2 },
    figures: PERCENTILES,
  },
  ...[1, 32, 256].map((connections) => ({
    title: `throughput ${connections}`,
    mode: 'throughput',
    connections,
    figures: ['rps'],
  })),
  { title: 'connections', mode: 'connections', connections: 16, figures: ['perSecond'] },
  ...[1, 8].map((connections) => ({
    title: `bulk ${connections}`,
    mode: 'bulk',
    connections,
    figures: ['megabitsPerSecond'],
  })),
];

/** A report, with the proxies' processor seconds per second of the load as `cpu`, and per thing done as `cpuEach`. */
export async function takeSample(lab: BenchLab, variant: Variant, load: Load): Promise<LoadReport> {
  const proxies = lab.proxies(variant);
  const before = cpuSeconds(proxies);
  const report = await runLoad(lab, variant, load);
  const cpu = (cpuSeconds(proxies) - before) / load.seconds;
  if (isTcpMemoryShort()) throw new Error('the kernel is short of TCP memory: see bench/README.md');
  if (Number(report.failed) > 0) throw new Error(`${variant} ${load.mode}: ${report.failed} failures`);
  const perSecond = report.rps ?? report.perSecond ?? (report.megabitsPerSecond ?? Number.NaN) / 1000;
  return { ...report, cpu, cpuEach: load.mode === 'latency' ? 0 : cpu / perSecond };
}

/** The responder's ports, and those of a peer's client end in the client pod. */
function runLoad(lab: BenchLab, variant: Variant, load: Load): Promise<LoadReport> {
  const isPeer = variant === 'haproxy' || variant === 'stunnel';
  const port = (isPeer ? 19_000 : 9000) + (load.mode === 'bulk' ? 1 : 0);
  const host = isPeer ? '127.0.0.1' : lab.serverAddress(variant);
  const settings = [`seconds=${load.seconds}`, `connections=${load.connections}`];
  return lab.load(variant, load.mode, host, String(port), ...settings);
}

function figuresOf(lab: BenchLab, variant: Variant, samples: Samples): VariantFigures {
  const middle = (name: string): number => median(samples.get(name) ?? []);
  const proxies = lab.proxies(variant);
  const ofProxies = <T>(value: () => T): T | undefined => (proxies.length === 0 ? undefined : value());
  return {
    variant,
    latencyMs: {
      p50: middle('latency p50'),
      p90: middle('latency p90'),
      p99: middle('latency p99'),
      p999: middle('latency p999'),
    },
    cpuPerThousandRps: ofProxies(() => middle('latency cpu')),
    cpuMicroseconds: ofProxies(() => ({
      request: middle('throughput 32 cpuEach') * 1e6,
      connection: middle('connections cpuEach') * 1e6,
      gigabit: middle('bulk 1 cpuEach') * 1e6,
    })),
    rps: {
      one: middle('throughput 1 rps'),
      thirtyTwo: middle('throughput 32 rps'),
      many: middle('throughput 256 rps'),
    },
    newConnectionsPerSecond: middle('connections perSecond'),
    bulkMegabits: { one: middle('bulk 1 megabitsPerSecond'), eight: middle('bulk 8 megabitsPerSecond') },
    residentMebibytes: ofProxies(() => largestResidentMebibytes(proxies)),
  };
}

function note(samples: Samples | undefined, name: string, value: number | undefined): void {
  if (samples === undefined || value === undefined || !Number.isFinite(value))
    throw new Error(`the load program did not report ${name}`);
  samples.set(name, [...(samples.get(name) ?? []), value]);
}

function summary(step: Step, report: LoadReport): string {
  return [...step.figures, 'cpu'].map((name) => `${name} ${round(report[name])}`).join(', ');
}

function round(value: number | undefined): number {
  return Math.round((value ?? 0) * 1000) / 1000;
}
