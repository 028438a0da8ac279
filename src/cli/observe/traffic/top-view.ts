import type { Rates, Topology, WaypointView, WorkloadView } from '../../../model/index.ts';
import { type Column, type Layout, tableOf } from '../columns.ts';
import { busyness, compareText } from './ends.ts';
import { type EdgeRow, edgeRows } from './edge-rows.ts';
import { isIdle, rateColumns } from './rate-columns.ts';

/** What `top` ranks. */
export type TopSection = 'workloads' | 'edges' | 'routes';
/** By what it ranks them; `rps` is requests, or connections where nothing speaks HTTP. */
export type TopOrder = 'rps' | 'bytes' | 'refused' | 'failed' | 'p99';

/** One busy thing. */
export interface TopRow {
  readonly name: string;
  /** Of routes: their waypoint. */
  readonly detail: string;
  readonly rates: Rates;
}

/** What is busiest at one time; only sections that were asked for. */
export interface TopView {
  readonly atMs: number;
  readonly sections: Readonly<Partial<Record<TopSection, readonly TopRow[]>>>;
}

/** What was asked of the API. */
export interface TopInput {
  readonly topology: Topology;
  readonly workloads: readonly WorkloadView[];
  readonly waypoints: readonly WaypointView[];
}

/** What is ranked, and how. */
export interface TopOptions {
  readonly sections: readonly TopSection[];
  readonly order: TopOrder;
  /** Rows of each section. */
  readonly limit: number;
  readonly namespace: string | undefined;
  readonly nowMs: number;
}

const KEY: Readonly<Record<TopOrder, (rates: Rates) => number>> = {
  rps: busyness,
  bytes: ({ sentBytes, receivedBytes }) => sentBytes + receivedBytes,
  refused: ({ refused }) => refused,
  failed: ({ failed }) => failed,
  p99: ({ p99Ms }) => p99Ms ?? 0,
};

/** The busiest of each section; whatever did nothing is left out. */
export function topView(input: TopInput, options: TopOptions): TopView {
  const { order, limit, nowMs, namespace } = options;
  const isWanted = (of: string): boolean => namespace === undefined || of === namespace;
  const found: Readonly<Record<TopSection, () => readonly TopRow[]>> = {
    workloads: () =>
      input.workloads
        .filter((workload) => isWanted(workload.namespace))
        .map((workload) => ({
          name: `${workload.namespace}/${workload.name}`,
          detail: '',
          rates: workload.rates,
        })),
    edges: () => edgeRows(input.topology, input.workloads, { namespace, all: false }).map(edgeRow),
    routes: () =>
      input.waypoints.flatMap((waypoint) =>
        waypoint.routes
          .filter((route) => isWanted(route.namespace))
          .map((route) => ({
            name: `${route.kind} ${route.namespace}/${route.name}${route.rule === '' ? '' : ` ${route.rule}`} (${route.service})`,
            detail: `${waypoint.namespace}/${waypoint.name}`,
            rates: route.rates,
          })),
      ),
  };
  const key = KEY[order];
  const rank = (rows: readonly TopRow[]): readonly TopRow[] =>
    rows
      .filter(({ rates }) => !isIdle(rates) || rates.sentBytes + rates.receivedBytes > 0)
      .toSorted((a, b) => key(b.rates) - key(a.rates) || compareText(a.name, b.name))
      .slice(0, limit);
  return {
    atMs: nowMs,
    sections: Object.fromEntries(options.sections.map((section) => [section, rank(found[section]())])),
  };
}

const TITLES: Readonly<Record<TopSection, string>> = {
  workloads: 'WORKLOAD',
  edges: 'EDGE',
  routes: 'ROUTE',
};

/** One table for each section that was asked for. */
export function topText({ sections }: TopView, layout: Layout): string {
  return Object.entries(sections)
    .map(([section, rows]) => {
      const title = TITLES[section as TopSection];
      const columns: readonly Column<TopRow>[] = [
        { title, cell: ({ name }) => name },
        ...(section === 'routes'
          ? [{ title: 'WAYPOINT', cell: ({ detail }: TopRow) => detail, spare: 6 }]
          : []),
        ...rateColumns<TopRow>(),
      ];
      return rows.length === 0 ? `${title}\n(nothing within the window)\n` : tableOf(columns, rows, layout);
    })
    .join('\n');
}

function edgeRow({ source, destination, rates, mutualTls }: EdgeRow): TopRow {
  return { name: `${source} → ${destination}${mutualTls ? '' : ' (plaintext)'}`, detail: '', rates };
}
