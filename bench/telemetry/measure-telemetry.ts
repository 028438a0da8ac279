import { type L7Lab, type L7Variant, startL7Lab } from '../l7/l7-lab.ts';
import { type L7Step, takeL7Sample } from '../l7/measure-l7.ts';
import { writeMessage } from '../l7/peer-configs.ts';
import { type BenchLab, startBenchLab } from '../macro/bench-lab.ts';
import { takeSample } from '../macro/measure.ts';
import { type Compared, type Sides, takeRounds } from './rounds.ts';

/** What telling costs in one kind of work. */
export interface TelemetryFigures {
  readonly work: string;
  readonly compared: readonly Compared[];
}

export interface TelemetryPlan {
  /** Of each sample. */
  readonly seconds: number;
  readonly rounds: number;
  /** For configurations and logs. */
  readonly folder: string;
  readonly progress: (text: string) => void;
}

/** Connections and bytes: two labs at once, of which one tells of failures alone. */
export async function measureConnections(plan: TelemetryPlan): Promise<readonly TelemetryFigures[]> {
  const up = (name: string, flags: readonly string[]): Promise<BenchLab> =>
    startBenchLab({ name, folder: plan.folder, variants: ['nodemesh'], flags });
  plan.progress('bringing two labs up');
  const all = await up('bench-all', []);
  try {
    const failures = await up('bench-failures', ['--telemetry', 'failures']);
    try {
      return await compareLoads({ all, failures }, plan);
    } finally {
      await failures.down();
    }
  } finally {
    await all.down();
  }
}

async function compareLoads(
  labs: { readonly all: BenchLab; readonly failures: BenchLab },
  plan: TelemetryPlan,
): Promise<readonly TelemetryFigures[]> {
  const sample =
    (lab: BenchLab, { mode, connections, rate }: (typeof LOADS)[number], seconds: number) =>
    async () => {
      const report = await takeSample(lab, 'nodemesh', { mode, connections, seconds });
      return { [CPU]: Number(report.cpuEach) * 1e6, [rate]: Number(report.rps ?? report.perSecond) };
    };
  const figures: TelemetryFigures[] = [];
  for (const load of LOADS) {
    for (const lab of [labs.all, labs.failures]) await sample(lab, load, WARM_UP_SECONDS)();
    const sides = {
      all: sample(labs.all, load, plan.seconds),
      failures: sample(labs.failures, load, plan.seconds),
    };
    figures.push(await compare(load.work, sides, plan));
  }
  return figures;
}

/** Requests: three waypoints in one lab: as they come, without an access log, and of failures alone; the nodes between are the same for all. */
export async function measureRequests(plan: TelemetryPlan): Promise<readonly TelemetryFigures[]> {
  plan.progress('bringing a lab with three waypoints up');
  const message = writeMessage(plan.folder);
  const lab: L7Lab = await startL7Lab(plan.folder, [...WAYPOINTS]);
  const sample =
    (variant: L7Variant, protocol: 'http1' | 'grpc', step: L7Step, seconds: number) => async () => {
      const context = { folder: plan.folder, message, seconds };
      const { cpu, cpuL7, rps, p50, p99 } = await takeL7Sample(lab, variant, { protocol, step }, context);
      if (step.atRate) return { 'latency p50, ms': p50, 'latency p99, ms': p99 };
      return { 'CPU of the waypoint, µs': cpuL7 * 1e6, [CPU]: cpu * 1e6, 'requests per second': rps };
    };
  try {
    const figures: TelemetryFigures[] = [];
    for (const protocol of ['http1', 'grpc'] as const) {
      for (const variant of WAYPOINTS) await sample(variant, protocol, FULL_LOAD, WARM_UP_SECONDS)();
      for (const step of [FULL_LOAD, AT_RATE]) {
        const sides = {
          all: sample('nodemesh', protocol, step, plan.seconds),
          'without lines': sample('unlogged', protocol, step, plan.seconds),
          failures: sample('quiet', protocol, step, plan.seconds),
        };
        figures.push(await compare(`${PROTOCOLS[protocol]}, ${step.title}`, sides, plan));
      }
    }
    return figures;
  } finally {
    await lab.down();
  }
}

async function compare(
  work: string,
  sides: Sides,
  { rounds, progress }: TelemetryPlan,
): Promise<TelemetryFigures> {
  const compared = await takeRounds(sides, rounds, (index, round) => {
    const told = Object.keys(round.failures ?? {}).map((figure) => {
      const values = Object.entries(round).map(
        ([side, taken]) => `${side} ${(taken[figure] ?? 0).toFixed(1)}`,
      );
      return `${figure}: ${values.join(' / ')}`;
    });
    progress(`${index + 1}/${rounds} ${work}: ${told.join(', ')}`);
  });
  return { work, compared };
}

/** So that compilers have seen what is measured. */
const WARM_UP_SECONDS = 4;
const WAYPOINTS = ['nodemesh', 'unlogged', 'quiet'] as const;
const CPU = 'CPU of all proxies, µs';
const LOADS = [
  { work: 'new connections', mode: 'connections', connections: 16, rate: 'connections per second' },
  { work: '1 KB there and back', mode: 'throughput', connections: 32, rate: 'exchanges per second' },
] as const;
const PROTOCOLS = { http1: 'HTTP/1.1', grpc: 'gRPC' } as const;
const FULL_LOAD: L7Step = { title: 'as many as go', connections: 32, atRate: false };
const AT_RATE: L7Step = { title: '1,000 a second', connections: 20, atRate: true };
