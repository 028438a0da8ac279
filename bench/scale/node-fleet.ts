import { join } from 'node:path';
import { startChild } from './child.ts';
import type { Holding, NodesOrder, NodesReport } from './orders.ts';

/** When something had reached each node, in milliseconds since the epoch, and how many bytes each got meanwhile. */
export interface FleetMoments {
  readonly firstAtMs: number;
  readonly medianAtMs: number;
  readonly lastAtMs: number;
  readonly bytesPerNode: number;
}

/** Simulated nodes in a few processes. */
export interface NodeFleet {
  /** So many nodes connect at once; resolves when each knows everything. `beganAtMs` is when they were told to. */
  connect(plan: {
    readonly nodes: number;
    readonly holding: Holding;
    readonly port: number;
    readonly record?: boolean;
  }): Promise<FleetMoments & { readonly beganAtMs: number; readonly reopened: number }>;
  /** From now on `arrival` waits for so many more addresses at each node. */
  expect(addresses: number): Promise<void>;
  arrival(): Promise<FleetMoments>;
  disconnect(): Promise<void>;
  /** Resolves when all processes have ended. */
  stop(): Promise<void>;
}

/** More would not be faster with the cores that a laptop has, and one alone is busy with its own thousand connections. */
const PROCESSES = 4;

export function startNodeFleet(plan: {
  readonly folder: string;
  readonly roots: string;
  /** How many addresses are everything. */
  readonly addresses: number;
}): NodeFleet {
  const record = join(plan.folder, 'everything-held.bin');
  const parameters = [plan.roots, record, String(plan.addresses)];
  const all = Array.from({ length: PROCESSES }, () =>
    startChild<NodesOrder, NodesReport>('nodes.ts', parameters),
  );
  /** Those with nodes. */
  let busy: typeof all = [];

  return {
    async connect({ nodes, holding, port, record = false }) {
      const beganAtMs = performance.timeOrigin + performance.now();
      const each = Math.ceil(nodes / PROCESSES);
      busy = all.filter((_, index) => index * each < nodes);
      busy.forEach((child, index) => {
        const first = index * each;
        const share = Math.min(each, nodes - first);
        child.send({ kind: 'connect', first, nodes: share, holding, record, port });
      });
      const reports = await Promise.all(busy.map((child) => child.next('synced')));
      const reopened = reports.reduce((sum, report) => sum + report.reopened, 0);
      return { ...momentsOf(reports), beganAtMs, reopened };
    },
    async expect(addresses) {
      for (const child of busy) child.send({ kind: 'expect', addresses });
      await Promise.all(busy.map((child) => child.next('expecting')));
    },
    async arrival() {
      return momentsOf(await Promise.all(busy.map((child) => child.next('received'))));
    },
    async disconnect() {
      for (const child of busy) child.send({ kind: 'disconnect' });
      await Promise.all(busy.map((child) => child.next('disconnected')));
      busy = [];
    },
    async stop() {
      for (const child of all) child.send({ kind: 'stop' });
      await Promise.all(all.map((child) => child.ended()));
    },
  };
}

function momentsOf(
  reports: readonly { readonly momentsMs: readonly number[]; readonly bytes: number }[],
): FleetMoments {
  const moments = reports.flatMap(({ momentsMs }) => momentsMs).sort((a, b) => a - b);
  return {
    firstAtMs: moments[0] ?? 0,
    medianAtMs: moments[Math.floor(moments.length / 2)] ?? 0,
    lastAtMs: moments.at(-1) ?? 0,
    bytesPerNode: reports.reduce((sum, { bytes }) => sum + bytes, 0) / moments.length,
  };
}
