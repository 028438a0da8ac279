import { join } from 'node:path';
import { type BenchLab, PROGRAMS, podOf, type Variant } from './bench-lab.ts';
import { cpuSeconds, findProcesses, largestResidentMebibytes } from './process-usage.ts';

/** What one variant came to. Absent where it was not measured. */
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
  readonly rps: { readonly one: number; readonly thirtyTwo: number; readonly many: number };
  readonly newConnectionsPerSecond: number;
  readonly bulkMegabits: { readonly one: number; readonly eight: number };
}

export interface MeasurePlan {
  readonly seconds: number;
  readonly progress: (text: string) => void;
}

/** How to dial the responder through a variant, and which processes are its proxies. */
interface Route {
  readonly host: string;
  readonly exchangePort: number;
  readonly bulkPort: number;
  readonly proxies: readonly number[];
}

export async function measureVariant(
  lab: BenchLab,
  variant: Variant,
  plan: MeasurePlan,
): Promise<VariantFigures> {
  const route = routeTo(lab, variant);
  const load = async (
    mode: string,
    port: number,
    ...settings: readonly string[]
  ): Promise<Record<string, number>> => {
    plan.progress(`${variant}: ${mode} ${settings.join(' ')}`);
    const program = ['node', join(PROGRAMS, 'load.ts'), mode, route.host, String(port), ...settings];
    const printed = await lab.run(variant, 'client', ...program);
    return JSON.parse(printed.trim().split('\n').at(-1) ?? '{}') as Record<string, number>;
  };
  const seconds = `seconds=${plan.seconds}`;
  await load('throughput', route.exchangePort, 'seconds=1', 'connections=16');
  const cpuBefore = cpuSeconds(route.proxies);
  const startedMs = performance.now();
  const latency = await load(
    'latency',
    route.exchangePort,
    `seconds=${plan.seconds * 2}`,
    'rate=1000',
    'connections=16',
  );
  const elapsedSeconds = (performance.now() - startedMs) / 1000;
  const cpu = cpuSeconds(route.proxies) - cpuBefore;
  const rate = async (connections: number): Promise<number> =>
    (await load('throughput', route.exchangePort, seconds, `connections=${connections}`)).rps ?? 0;
  const bulk = async (connections: number): Promise<number> =>
    (await load('bulk', route.bulkPort, seconds, `connections=${connections}`)).megabitsPerSecond ?? 0;
  return {
    variant,
    latencyMs: {
      p50: latency.p50 ?? 0,
      p90: latency.p90 ?? 0,
      p99: latency.p99 ?? 0,
      p999: latency.p999 ?? 0,
    },
    cpuPerThousandRps:
      route.proxies.length === 0 ? undefined : cpu / Math.min(elapsedSeconds, plan.seconds * 2),
    rps: { one: await rate(1), thirtyTwo: await rate(32), many: await rate(256) },
    newConnectionsPerSecond: (await load('connections', route.exchangePort, seconds)).perSecond ?? 0,
    bulkMegabits: { one: await bulk(1), eight: await bulk(8) },
  };
}

/** Resident memory of the fuller ztunnel with 100 pods on each node, at rest, with 1,000 and with 5,000 connections. */
export async function measureMemory(
  lab: BenchLab,
  plan: MeasurePlan,
): Promise<{ readonly pods: number; readonly thousand: number; readonly fiveThousand: number }> {
  plan.progress('memory: 100 pods on each node');
  const crowd = ['node-1', 'node-2'].flatMap((node) =>
    Array.from({ length: 99 }, (_, index) =>
      podOf('nodemesh', `crowd-${node}-${index}`, node, ['sleep', 'infinity']),
    ),
  );
  await lab.apply('crowd', crowd);
  await new Promise((settle) => setTimeout(settle, 30_000));
  const ztunnels = findProcesses('ztunnel', '--node');
  const pods = largestResidentMebibytes(ztunnels);
  const held: number[] = [];
  for (const connections of [1000, 5000]) {
    plan.progress(`memory: ${connections} connections`);
    const program = ['node', join(PROGRAMS, 'load.ts'), 'idle', lab.serverAddress('nodemesh'), '9000'];
    const running = lab.run('nodemesh', 'client', ...program, `connections=${connections}`, 'seconds=8');
    let largest = 0;
    const sampler = setInterval(() => {
      largest = Math.max(largest, largestResidentMebibytes(ztunnels));
    }, 500);
    await running;
    clearInterval(sampler);
    held.push(largest);
  }
  return { pods, thousand: held[0] ?? 0, fiveThousand: held[1] ?? 0 };
}

function routeTo(lab: BenchLab, variant: Variant): Route {
  if (variant === 'haproxy' || variant === 'stunnel') {
    const proxies = findProcesses(`${variant}-`, '.conf').filter((pid) =>
      findProcesses(variant).includes(pid),
    );
    return {
      host: '127.0.0.1',
      exchangePort: 19000,
      bulkPort: 19001,
      proxies: proxies.filter(isProxy(variant)),
    };
  }
  const proxies = variant === 'nodemesh' ? findProcesses('ztunnel', '--node') : [];
  return { host: lab.serverAddress(variant), exchangePort: 9000, bulkPort: 9001, proxies };
}

/** The `lab exec` that started a peer has the peer's command line in its own: only the peer itself counts. */
function isProxy(program: string): (pid: number) => boolean {
  const commands = findProcesses('bin/nodemesh.js');
  const clis = findProcesses('lab', 'exec', program);
  return (pid) => !commands.includes(pid) && !clis.includes(pid);
}
