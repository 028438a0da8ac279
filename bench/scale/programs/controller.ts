// The controller of a simulated mesh, in a process of its own: the real one, with objects from memory in place of an API server and
// tokens that are node names. It obeys the parent's messages.
import { join } from 'node:path';
import { countBuffersAsHeap, createSignal } from '../../../src/base/index.ts';
import {
  createController,
  type ObjectEvent,
  type ObjectSource,
  resolveControllerConfig,
  type SourceProblem,
  type TokenVerifier,
} from '../../../src/controller/index.ts';
import { type MeshSize, meshObjects, restartedPod } from '../mesh-objects.ts';
import type { ControllerOrder, ControllerReport } from '../orders.ts';

countBuffersAsHeap();
const [folder = '', text = ''] = process.argv.slice(2);
const size: MeshSize = JSON.parse(text);
const events = createSignal<readonly ObjectEvent[]>();
const source: ObjectSource = {
  events,
  problemChanges: createSignal<readonly SourceProblem[]>(),
  problems: () => [],
  async start() {
    events.emit([...meshObjects(size)].map((object) => ({ type: 'upsert', object, faults: [] })));
  },
  close: async () => undefined,
  destroy: () => undefined,
};
const tokens: TokenVerifier = {
  verify: async (token) => ({
    namespace: 'nodemesh-system',
    serviceAccount: 'ztunnel',
    pod: `ztunnel-${token}`,
    podUid: token,
    node: token,
  }),
};
const config = resolveControllerConfig({
  manifestsDirectory: 'none',
  caDirectory: join(folder, 'ca'),
  jwksFile: 'none',
  listen: { host: '127.0.0.1', port: 0 },
  serverNames: ['127.0.0.1'],
});
const startedMs = performance.now();
const controller = createController(config, { source, tokens });
await controller.start();
tell({ kind: 'serving', port: controller.addresses.grpc?.port ?? 0, tookMs: performance.now() - startedMs });

const generations = new Map<number, Map<number, number>>();
process.on('message', (order: ControllerOrder) => {
  if (order.kind === 'stop') {
    controller.destroy();
    process.disconnect();
    return;
  }
  const changed: ObjectEvent[] = order.pods.flatMap((place) => {
    const ofService = generations.get(place.service) ?? new Map<number, number>();
    const generation = (ofService.get(place.pod) ?? 0) + 1;
    generations.set(place.service, ofService.set(place.pod, generation));
    return restartedPod(size, place, generation, ofService).map(
      (object) => ({ type: 'upsert', object, faults: [] }) as const,
    );
  });
  const beganMs = performance.now();
  events.emit(changed);
  tell({
    kind: 'changed',
    beganAtMs: performance.timeOrigin + beganMs,
    applyMs: performance.now() - beganMs,
  });
});

function tell(report: ControllerReport): void {
  process.send?.(report);
}
