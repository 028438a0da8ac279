import type { L7Variant } from './l7-lab.ts';
import type { L7Figures } from './measure-l7.ts';

/** What telling costs: a row per figure and protocol, the ratio of the waypoint that tells to the one that is quiet. */
export function formatTelemetry(figures: readonly L7Figures[]): string {
  const rows = (['http1', 'grpc'] as const).flatMap((protocol) => {
    const of = (variant: L7Variant): L7Figures | undefined =>
      figures.find((one) => one.variant === variant && one.protocol === protocol);
    return ROWS.map(({ name, pick, digits }) => {
      const [on, off] = (['nodemesh', 'quiet'] as const).map((variant) => {
        const found = of(variant);
        return found === undefined ? Number.NaN : pick(found);
      });
      const change = ((on ?? Number.NaN) / (off ?? Number.NaN) - 1) * 100;
      const cells = [on, off].map((value) => (value ?? Number.NaN).toFixed(digits));
      return [`${TITLES[protocol]}: ${name}`, ...cells, `${change > 0 ? '+' : ''}${change.toFixed(1)} %`];
    });
  });
  const head = ['', 'traces and logs', 'quiet', 'difference'];
  const lines = [head, ['---', ...head.slice(1).map(() => '---:')], ...rows];
  return `${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}

const TITLES = { http1: 'HTTP/1.1', grpc: 'gRPC' } as const;
const ROWS: readonly {
  readonly name: string;
  readonly digits: number;
  readonly pick: (figures: L7Figures) => number;
}[] = [
  { name: 'latency p50, ms', digits: 3, pick: ({ latencyMs }) => latencyMs.p50 },
  { name: 'latency p99, ms', digits: 3, pick: ({ latencyMs }) => latencyMs.p99 },
  { name: 'max rps, 1 connection', digits: 0, pick: ({ rps }) => rps.one },
  { name: 'max rps, 32 connections', digits: 0, pick: ({ rps }) => rps.thirtyTwo },
  { name: 'max rps, 256 connections', digits: 0, pick: ({ rps }) => rps.many },
];
