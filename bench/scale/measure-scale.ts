import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { median } from '../macro/median.ts';
import { type Child, startChild } from './child.ts';
import { measureZtunnel, type ZtunnelFigures } from './measure-ztunnel.ts';
import type { MeshSize, PodPlace } from './mesh-objects.ts';
import { type NodeFleet, startNodeFleet } from './node-fleet.ts';
import type { ControllerOrder, ControllerReport, Holding } from './orders.ts';

export interface ScalePlan {
  readonly size: MeshSize;
  /** Seconds of a hundred changes a second. */
  readonly seconds: number;
  readonly folder: string;
  readonly progress: (text: string) => void;
}

/** Times in milliseconds, memory in MiB, CPU in seconds. */
export interface ScaleFigures {
  readonly size: MeshSize;
  /** From nothing to serving: objects, collections, resources. */
  readonly controllerStartMs: number;
  readonly controllerMebibytes: number;
  readonly oneNode: { readonly syncMs: number; readonly mebibytesSent: number };
  /** A real ztunnel, from its start to its readiness, and its memory with the whole mesh in it. */
  readonly ztunnel: ZtunnelFigures;
  /** All nodes at once, that hold nothing. */
  readonly storm: StormFigures;
  /** All nodes at once, that name what they hold, as after a restart of the controller. */
  readonly warmStorm: StormFigures;
  readonly oneChange: ChangeFigures;
  /** Of each 100 ms with ten of a hundred changes a second. */
  readonly manyChanges: ChangeFigures & { readonly seconds: number; readonly controllerCores: number };
}

export interface StormFigures {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly controllerCpu: number;
  readonly controllerMebibytes: number;
  readonly mebibytesPerNode: number;
  /** Streams that broke and were opened again. */
  readonly reopened: number;
}

export interface ChangeFigures {
  readonly applyMs: number;
  readonly firstNodeMs: number;
  readonly medianNodeMs: number;
  readonly lastNodeMs: number;
  readonly bytesPerNode: number;
}

const CHANGES_PER_SECOND = 100;
const BATCHES_PER_SECOND = 10;
const ROUNDS_OF_ONE = 21;
const MEBIBYTE = 1024 * 1024;

/** Starts a controller and nodes of a mesh of this size, and measures what each thing costs. Everything is ended afterwards. */
export async function measureScale(plan: ScalePlan): Promise<ScaleFigures> {
  const { size, folder, progress } = plan;
  const controller = startChild<ControllerOrder, ControllerReport>('controller.ts', [
    folder,
    JSON.stringify(size),
  ]);
  const roots = join(folder, 'ca', 'root-cert.pem');
  const addresses = size.services * (1 + size.endpointsPerService);
  const nodes = startNodeFleet({ folder, roots, addresses });
  try {
    progress(`a controller with ${size.services} services and ${addresses - size.services} endpoints`);
    const { port, tookMs } = await controller.next('serving');
    const controllerMebibytes = controller.mebibytes();

    progress('one node');
    const one = await nodes.connect({ nodes: 1, holding: 'nothing', record: true, port });
    await disconnect(nodes);

    progress('one ztunnel');
    const ztunnel = await measureZtunnel({ port, roots, folder });

    progress(`${size.nodes} nodes at once`);
    const storm = await measureStorm(controller, nodes, { ...size, port, holding: 'nothing' });
    await disconnect(nodes);
    progress(`${size.nodes} nodes at once, that know it all`);
    const warmStorm = await measureStorm(controller, nodes, { ...size, port, holding: 'everything' });

    progress('one change at a time');
    const single: ChangeFigures[] = [];
    for (let round = 0; round < ROUNDS_OF_ONE; round++)
      single.push(await measureChange(controller, nodes, [{ service: round, pod: 0 }]));

    progress(`${CHANGES_PER_SECOND} changes a second`);
    const manyChanges = await measureManyChanges(controller, nodes, plan);
    return {
      size,
      controllerStartMs: tookMs,
      controllerMebibytes,
      oneNode: { syncMs: one.lastAtMs - one.beganAtMs, mebibytesSent: one.bytesPerNode / MEBIBYTE },
      ztunnel,
      storm,
      warmStorm,
      oneChange: medians(single),
      manyChanges,
    };
  } finally {
    controller.send({ kind: 'stop' });
    await Promise.all([nodes.stop(), controller.ended()]);
  }
}

async function measureStorm(
  controller: Child<ControllerOrder, ControllerReport>,
  fleet: NodeFleet,
  { nodes, port, holding }: { readonly nodes: number; readonly port: number; readonly holding: Holding },
): Promise<StormFigures> {
  const before = controller.cpu();
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, controller.mebibytes());
  }, 200);
  try {
    const { beganAtMs, firstAtMs, lastAtMs, bytesPerNode, reopened } = await fleet.connect({
      nodes,
      holding,
      port,
    });
    const controllerCpu = controller.cpu() - before;
    return {
      firstMs: firstAtMs - beganAtMs,
      lastMs: lastAtMs - beganAtMs,
      controllerCpu,
      controllerMebibytes: peak,
      mebibytesPerNode: bytesPerNode / MEBIBYTE,
      reopened,
    };
  } finally {
    clearInterval(watch);
  }
}

async function measureChange(
  controller: Child<ControllerOrder, ControllerReport>,
  nodes: NodeFleet,
  pods: readonly PodPlace[],
): Promise<ChangeFigures> {
  await nodes.expect(pods.length);
  controller.send({ kind: 'restart', pods });
  const { beganAtMs, applyMs } = await controller.next('changed');
  const arrived = await nodes.arrival();
  return {
    applyMs,
    firstNodeMs: arrived.firstAtMs - beganAtMs,
    medianNodeMs: arrived.medianAtMs - beganAtMs,
    lastNodeMs: arrived.lastAtMs - beganAtMs,
    bytesPerNode: arrived.bytesPerNode,
  };
}

async function measureManyChanges(
  controller: Child<ControllerOrder, ControllerReport>,
  nodes: NodeFleet,
  { size, seconds }: ScalePlan,
): Promise<ScaleFigures['manyChanges']> {
  const perBatch = CHANGES_PER_SECOND / BATCHES_PER_SECOND;
  const batches: ChangeFigures[] = [];
  const before = controller.cpu();
  const beganMs = performance.now();
  for (let batch = 0; batch < seconds * BATCHES_PER_SECOND; batch++) {
    const pods = Array.from({ length: perBatch }, (_, index) => ({
      service: (batch * perBatch + index) % size.services,
      pod: 1 % size.endpointsPerService,
    }));
    batches.push(await measureChange(controller, nodes, pods));
    const aheadMs = beganMs + ((batch + 1) * 1000) / BATCHES_PER_SECOND - performance.now();
    if (aheadMs > 0) await delay(aheadMs);
  }
  const tookSeconds = (performance.now() - beganMs) / 1000;
  const controllerCores = (controller.cpu() - before) / tookSeconds;
  return { ...medians(batches), seconds: tookSeconds, controllerCores };
}

async function disconnect(nodes: NodeFleet): Promise<void> {
  await nodes.disconnect();
  // Its end of the streams has to notice too.
  await delay(2000);
}

function medians(rounds: readonly ChangeFigures[]): ChangeFigures {
  const of = (pick: (figures: ChangeFigures) => number): number => median(rounds.map(pick));
  return {
    applyMs: of(({ applyMs }) => applyMs),
    firstNodeMs: of(({ firstNodeMs }) => firstNodeMs),
    medianNodeMs: of(({ medianNodeMs }) => medianNodeMs),
    lastNodeMs: of(({ lastNodeMs }) => lastNodeMs),
    bytesPerNode: of(({ bytesPerNode }) => bytesPerNode),
  };
}
