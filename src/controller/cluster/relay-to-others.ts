import { createSignal, type Logger } from '../../base/index.ts';
import { createGrpcClient } from '../../wire/index.ts';
import type { ControllerConfig } from '../controller-config.ts';
import { createReportRelay, type ReportRelay } from '../enrolment/index.ts';
import type { Mesh } from '../server/mesh.ts';
import type { Cluster } from './open-cluster.ts';
import { otherControllers } from './other-controllers.ts';

/** Passes reports on to the replicas behind the controller's Service, over the port that proxies use. */
export function relayToOthers(
  mesh: Pick<Mesh, 'authority' | 'collections'>,
  cluster: Pick<Cluster, 'namespace' | 'instance'>,
  { config, log }: { readonly config: ControllerConfig; readonly log: Logger },
): ReportRelay {
  const { authority, collections } = mesh;
  const [serverName] = config.serverNames;
  const rootChanges = createSignal<void>();
  const unsubscribe = authority.bundleChanges.subscribe(() => rootChanges.emit());
  const relay = createReportRelay({
    others: () => otherControllers(collections.objects.slices.values(), cluster),
    connect: (address) =>
      createGrpcClient({
        address,
        serverName,
        roots: { read: async () => authority.bundle().rootsPem.join(''), changes: rootChanges },
        // Every call brings that of the node proxy whose report it is.
        token: async () => '',
        clusterId: config.clusterId,
        connectTimeoutMs: 1_000,
      }),
    log,
  });
  return {
    ...relay,
    async close() {
      unsubscribe();
      await relay.close();
    },
    destroy(cause) {
      unsubscribe();
      relay.destroy(cause);
    },
  };
}
