import { type Clock, type Closable, createSignal, type Logger } from '../../base/index.ts';
import { createGrpcClient } from '../../wire/index.ts';
import type { ControllerConfig } from '../controller-config.ts';
import { createReportRelay, type ReportRelay } from '../enrolment/index.ts';
import { createObservationRelay, type ObservationRelay } from '../observation/index.ts';
import { createControllerPeers } from '../peers/index.ts';
import type { Mesh } from '../server/mesh.ts';
import type { Cluster } from './open-cluster.ts';
import { followOtherControllers } from './other-controllers.ts';

/** The two ways to the other replicas, which share their connections. */
export interface Relays extends Closable {
  readonly enrolment: ReportRelay;
  readonly observations: ObservationRelay;
}

/** Passes reports on to the replicas behind the controller's Service, over the port that proxies use. */
export function relayToOthers(
  mesh: Pick<Mesh, 'authority' | 'collections'>,
  cluster: Pick<Cluster, 'namespace' | 'instance'>,
  { config, clock, log }: { readonly config: ControllerConfig; readonly clock: Clock; readonly log: Logger },
): Relays {
  const { authority, collections } = mesh;
  const [serverName] = config.serverNames;
  const rootChanges = createSignal<void>();
  const others = followOtherControllers(collections.objects.slices, cluster);
  const stopRoots = authority.bundleChanges.subscribe(() => rootChanges.emit());
  const stop = (): void => {
    stopRoots();
    others.stop();
  };
  const peers = createControllerPeers({
    others: others.current,
    connect: (address) =>
      createGrpcClient({
        address,
        serverName,
        roots: { read: async () => authority.bundle().rootsPem.join(''), changes: rootChanges },
        // Every call brings that of the proxy whose report it is.
        token: async () => '',
        clusterId: config.clusterId,
        connectTimeoutMs: 1_000,
      }),
  });
  return {
    enrolment: createReportRelay({ peers, log }),
    observations: createObservationRelay({ peers, clock, log }),
    async close() {
      stop();
      await peers.close();
    },
    destroy(cause) {
      stop();
      peers.destroy(cause);
    },
  };
}
