import type { MemoryFigures, VariantFigures } from './measure.ts';

/** The results as a Markdown table: a row per figure, a column per variant, and our ratio to HAProxy's last. */
export function formatResults(
  variants: readonly VariantFigures[],
  memory: MemoryFigures | undefined,
): string {
  const plain = variants.find(({ variant }) => variant === 'plain');
  const added = (pick: (figures: VariantFigures) => number) => (figures: VariantFigures) =>
    figures.variant === 'plain' || plain === undefined ? pick(figures) : pick(figures) - pick(plain);
  const rows: readonly Row[] = [
    { name: 'added latency p50, ms', digits: 3, better: 'low', pick: added((f) => f.latencyMs.p50) },
    { name: 'added latency p90, ms', digits: 3, better: 'low', pick: added((f) => f.latencyMs.p90) },
    { name: 'added latency p99, ms', digits: 3, better: 'low', pick: added((f) => f.latencyMs.p99) },
    { name: 'added latency p99.9, ms', digits: 3, better: 'low', pick: added((f) => f.latencyMs.p999) },
    { name: 'CPU per 1,000 rps, cores', digits: 3, better: 'low', pick: (f) => f.cpuPerThousandRps },
    { name: 'max rps, 1 connection', digits: 0, better: 'high', pick: (f) => f.rps.one },
    { name: 'max rps, 32 connections', digits: 0, better: 'high', pick: (f) => f.rps.thirtyTwo },
    { name: 'max rps, 256 connections', digits: 0, better: 'high', pick: (f) => f.rps.many },
    { name: 'new connections per second', digits: 0, better: 'high', pick: (f) => f.newConnectionsPerSecond },
    { name: 'bulk, 1 stream, Mbit/s', digits: 0, better: 'high', pick: (f) => f.bulkMegabits.one },
    { name: 'bulk, 8 streams, Mbit/s', digits: 0, better: 'high', pick: (f) => f.bulkMegabits.eight },
    { name: 'CPU per request, µs', digits: 0, better: 'low', pick: (f) => f.cpuMicroseconds?.request },
    {
      name: 'CPU per new connection, µs',
      digits: 0,
      better: 'low',
      pick: (f) => f.cpuMicroseconds?.connection,
    },
    { name: 'CPU per Gbit, ms', digits: 0, better: 'low', pick: (f) => gigabitMs(f) },
    {
      name: 'memory of the larger proxy after this, MiB',
      digits: 0,
      better: 'low',
      pick: (f) => f.residentMebibytes,
    },
  ];
  const head = [
    '',
    ...variants.map(({ variant }) => (variant === 'plain' ? 'no mesh' : variant)),
    'nodemesh ÷ HAProxy',
  ];
  const lines = [
    `| ${head.join(' | ')} |`,
    `| --- |${' ---: |'.repeat(head.length - 1)}`,
    ...rows.map(
      (row) => `| ${[row.name, ...variants.map((f) => cell(row, f)), ratio(row, variants)].join(' | ')} |`,
    ),
  ];
  if (memory !== undefined) {
    lines.push(
      '',
      `Memory of the fuller ztunnel with 100 enrolled pods on its node: ${memory.pods} MiB at rest, ` +
        `${memory.thousand} MiB with 1,000 connections, ${memory.fiveThousand} MiB with 5,000.`,
    );
  }
  return `${lines.join('\n')}\n`;
}

interface Row {
  readonly name: string;
  readonly digits: number;
  readonly better: 'low' | 'high';
  readonly pick: (figures: VariantFigures) => number | undefined;
}

function gigabitMs({ cpuMicroseconds }: VariantFigures): number | undefined {
  return cpuMicroseconds === undefined ? undefined : cpuMicroseconds.gigabit / 1000;
}

function cell(row: Row, figures: VariantFigures): string {
  const value = row.pick(figures);
  return value === undefined ? '–' : value.toLocaleString('en', { maximumFractionDigits: row.digits });
}

function ratio(row: Row, variants: readonly VariantFigures[]): string {
  const [ours, theirs] = ['nodemesh', 'haproxy'].map((name) => {
    const figures = variants.find(({ variant }) => variant === name);
    return figures === undefined ? undefined : row.pick(figures);
  });
  if (ours === undefined || theirs === undefined || theirs <= 0) return '–';
  return `${(ours / theirs).toFixed(2)} × (${row.better} is good)`;
}
