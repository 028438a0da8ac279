import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { MeasurePlan } from '../macro/measure.ts';
import { median } from '../macro/median.ts';
import { cpuSeconds, isTcpMemoryShort, largestResidentMebibytes } from '../macro/process-usage.ts';
import type { L7Lab, L7Variant } from './l7-lab.ts';
import type { Protocol } from './peer-configs.ts';

/** What one variant came to with one protocol: the median of its rounds. */
export interface L7Figures {
  readonly variant: L7Variant;
  readonly protocol: Protocol;
  /** At a thousand requests a second. */
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  readonly rps: { readonly one: number; readonly thirtyTwo: number; readonly many: number };
  /** Processor seconds for a thousand requests a second, for a second: of all proxies, and of the L7 proxy alone. */
  readonly cpuPerThousandRps: { readonly all: number; readonly l7: number } | undefined;
  /** Processor time of all proxies for a request under full load, 32 connections. */
  readonly cpuMicrosecondsPerRequest: number | undefined;
  /** Of the L7 proxy, after all that. */
  readonly residentMebibytes: number | undefined;
}

const RATE = 1000;
const RATE_CLIENTS = 20;
const WARM_UP_SECONDS = 1;

/** A way of asking. */
export interface L7Step {
  readonly title: string;
  /** Each with one request at a time. */
  readonly connections: number;
  readonly atRate: boolean;
}

const STEPS: readonly L7Step[] = [
  { title: 'latency', connections: RATE_CLIENTS, atRate: true },
  ...[1, 32, 256].map((connections) => ({
    title: `throughput ${connections}`,
    connections,
    atRate: false,
  })),
];

/** So that compilers have seen what is measured. */
const WARM_UP: L7Step = {
  title: 'warm-up',
  connections: 32,
  atRate: false,
};

/** Processor time is in seconds, for one request. */
type Sample = Readonly<Record<'rps' | 'p50' | 'p99' | 'cpu' | 'cpuL7', number>>;

/** Back to back as in `macro/measure.ts`: every step with all variants, and all of it again in each round. */
export async function measureL7(
  lab: L7Lab,
  variants: readonly L7Variant[],
  folder: string,
  plan: MeasurePlan,
): Promise<readonly L7Figures[]> {
  const message = join(folder, 'message.bin');
  const { seconds } = plan;
  const samples = new Map<string, Sample[]>();
  const key = (variant: L7Variant, protocol: Protocol, step: string): string =>
    `${variant} ${protocol} ${step}`;
  const protocols = ['http1', 'grpc'] as const;
  plan.progress('warming up');
  for (const protocol of protocols)
    for (const variant of variants)
      await takeL7Sample(lab, variant, { protocol, step: WARM_UP }, { folder, message, seconds });
  for (let round = 1; round <= plan.rounds; round++) {
    for (const protocol of protocols) {
      for (const step of STEPS) {
        for (const variant of variants) {
          const sample = await takeL7Sample(lab, variant, { protocol, step }, { folder, message, seconds });
          const name = key(variant, protocol, step.title);
          samples.set(name, [...(samples.get(name) ?? []), sample]);
          const told = step.atRate ? `p50 ${sample.p50} ms, p99 ${sample.p99} ms` : `${sample.rps} rps`;
          plan.progress(`${round}/${plan.rounds} ${variant} ${protocol}: ${step.title} ${told}`);
        }
      }
    }
  }
  const middle = (name: string, pick: (sample: Sample) => number): number =>
    median((samples.get(name) ?? []).map(pick));
  return variants.flatMap((variant) =>
    protocols.map((protocol): L7Figures => {
      const at = (step: string, pick: (sample: Sample) => number): number =>
        middle(key(variant, protocol, step), pick);
      const { all, l7 } = lab.proxies(variant);
      const ofProxies = <T>(value: () => T): T | undefined => (all.length === 0 ? undefined : value());
      return {
        variant,
        protocol,
        latencyMs: { p50: at('latency', ({ p50 }) => p50), p99: at('latency', ({ p99 }) => p99) },
        rps: {
          one: at('throughput 1', ({ rps }) => rps),
          thirtyTwo: at('throughput 32', ({ rps }) => rps),
          many: at('throughput 256', ({ rps }) => rps),
        },
        cpuPerThousandRps: ofProxies(() => ({
          all: at('latency', ({ cpu }) => cpu) * 1000,
          l7: at('latency', ({ cpuL7 }) => cpuL7) * 1000,
        })),
        cpuMicrosecondsPerRequest: ofProxies(() => at('throughput 32', ({ cpu }) => cpu) * 1e6),
        residentMebibytes: ofProxies(() => largestResidentMebibytes(l7)),
      };
    }),
  );
}

interface SampleContext {
  readonly folder: string;
  /** What a gRPC call sends. */
  readonly message: string;
  /** Twice as long at a rate. */
  readonly seconds: number;
}

/** Throws when a request fails. */
export async function takeL7Sample(
  lab: L7Lab,
  variant: L7Variant,
  { protocol, step }: { readonly protocol: Protocol; readonly step: L7Step },
  context: SampleContext,
): Promise<Sample> {
  const { folder, message } = context;
  const seconds = context.seconds * (step.atRate ? 2 : 1);
  const log = join(folder, 'h2load.log');
  rmSync(log, { force: true });
  const { all, l7 } = lab.proxies(variant);
  const before = { all: cpuSeconds(all), l7: cpuSeconds(l7) };
  const printed = await lab.h2load(variant, [
    ...(protocol === 'http1'
      ? ['--h1']
      : ['-d', message, '-H', 'content-type: application/grpc', '-H', 'te: trailers']),
    ...['-c', String(step.connections), '-m', '1'],
    ...['-D', String(Math.ceil(seconds) + WARM_UP_SECONDS)],
    ...(step.atRate ? [`--rps=${RATE / RATE_CLIENTS}`, `--log-file=${log}`] : []),
    lab.target(variant, protocol),
  ]);
  const done = Number(/(\d+) succeeded/.exec(printed)?.[1]);
  const cpu = (cpuSeconds(all) - before.all) / done;
  const cpuL7 = (cpuSeconds(l7) - before.l7) / done;
  if (isTcpMemoryShort()) throw new Error('the kernel is short of TCP memory: see bench/README.md');
  const rps = Number(/finished in [^,]+, ([\d.]+) req\/s/.exec(printed)?.[1]);
  const failed = Number(/(\d+) failed/.exec(printed)?.[1]);
  const other = /status codes: \d+ 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx/.exec(printed);
  if (!(rps > 0) || failed > 0 || other?.slice(1).some((count) => count !== '0') === true)
    throw new Error(`${variant} ${protocol} ${step.title}: ${printed}`);
  return { rps: Math.round(rps), cpu, cpuL7, ...(step.atRate ? percentiles(log) : { p50: 0, p99: 0 }) };
}

/** Of h2load's log (start in µs, status, duration in µs), without what was sent while everything was cold. */
function percentiles(log: string): { readonly p50: number; readonly p99: number } {
  const rows = readFileSync(log, 'latin1')
    .trim()
    .split('\n')
    .map((line) => line.split('\t').map(Number));
  const from = Math.min(...rows.map(([start = 0]) => start)) + WARM_UP_SECONDS * 1e6;
  const durations = rows
    .flatMap(([start = 0, , duration = 0]) => (start < from ? [] : [duration]))
    .sort((a, b) => a - b);
  const at = (share: number): number =>
    (durations[Math.min(durations.length - 1, Math.floor(durations.length * share))] ?? 0) / 1000;
  return { p50: at(0.5), p99: at(0.99) };
}
