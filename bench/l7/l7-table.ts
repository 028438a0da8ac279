import type { L7Variant } from './l7-lab.ts';
import type { L7Figures } from './measure-l7.ts';
import type { Protocol } from './peer-configs.ts';

const TITLES: Readonly<Record<Protocol, string>> = { http1: 'HTTP/1.1', grpc: 'gRPC' };

/** A row per figure and protocol, a column per variant; the last two are our ratios to the peers'. */
export function formatL7(figures: readonly L7Figures[]): string {
  const variants = [...new Set(figures.map(({ variant }) => variant))];
  const peers = variants.filter((variant) => variant === 'haproxy' || variant === 'nginx');
  const head = [
    '',
    ...variants.map((variant) => (variant === 'plain' ? 'no mesh' : variant)),
    ...peers.map((peer) => `nodemesh ÷ ${peer}`),
  ];
  const rows = (['http1', 'grpc'] as const).flatMap((protocol) => {
    const of = (variant: L7Variant): L7Figures | undefined =>
      figures.find((one) => one.variant === variant && one.protocol === protocol);
    return ROWS.map((row) => {
      const cells = variants.map((variant) => value(row, of(variant), of('plain')));
      const ours = value(row, of('nodemesh'), of('plain'));
      const ratios = peers.map((peer) => ratio(row, ours, value(row, of(peer), of('plain'))));
      return [
        `${TITLES[protocol]}: ${row.name}`,
        ...cells.map((cell) => format(cell, row.digits)),
        ...ratios,
      ];
    });
  });
  const lines = [head, ['---', ...head.slice(1).map(() => '---:')], ...rows];
  return `${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}

interface Row {
  readonly name: string;
  readonly digits: number;
  readonly better: 'low' | 'high';
  readonly pick: (figures: L7Figures) => number | undefined;
  /** What comes without any proxy is taken off. */
  readonly added?: boolean;
}

const ROWS: readonly Row[] = [
  { name: 'added latency p50, ms', digits: 3, better: 'low', pick: (f) => f.latencyMs.p50, added: true },
  { name: 'added latency p99, ms', digits: 3, better: 'low', pick: (f) => f.latencyMs.p99, added: true },
  { name: 'max rps, 1 connection', digits: 0, better: 'high', pick: (f) => f.rps.one },
  { name: 'max rps, 32 connections', digits: 0, better: 'high', pick: (f) => f.rps.thirtyTwo },
  { name: 'max rps, 256 connections', digits: 0, better: 'high', pick: (f) => f.rps.many },
  { name: 'CPU per 1,000 rps, cores', digits: 3, better: 'low', pick: (f) => f.cpuPerThousandRps?.all },
  { name: 'of that the L7 proxy', digits: 3, better: 'low', pick: (f) => f.cpuPerThousandRps?.l7 },
  { name: 'CPU per request, µs', digits: 0, better: 'low', pick: (f) => f.cpuMicrosecondsPerRequest },
  { name: 'memory of the L7 proxy, MiB', digits: 0, better: 'low', pick: (f) => f.residentMebibytes },
];

function value(row: Row, figures: L7Figures | undefined, plain: L7Figures | undefined): number | undefined {
  const own = figures === undefined ? undefined : row.pick(figures);
  if (own === undefined || row.added !== true || figures?.variant === 'plain' || plain === undefined)
    return own;
  return own - (row.pick(plain) ?? 0);
}

function format(cell: number | undefined, digits: number): string {
  return cell === undefined ? '–' : cell.toLocaleString('en', { maximumFractionDigits: digits });
}

function ratio({ better }: Row, ours: number | undefined, theirs: number | undefined): string {
  if (ours === undefined || theirs === undefined || theirs <= 0) return '–';
  return `${(ours / theirs).toFixed(2)} × (${better} is good)`;
}
