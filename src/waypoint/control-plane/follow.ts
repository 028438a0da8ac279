import type { SvidStore } from '../../identity/index.ts';
import type { GatewayKey, MeshViewStore } from '../../model/index.ts';
import type { ControllerClient } from '../../proxy/index.ts';
import { ADDRESS_TYPE, type DeltaClient, WAYPOINT_RESOURCE_TYPE } from '../../xds/index.ts';
import type { ResourceStore } from '../resources/resource-store.ts';
import { subscriptionsTo } from './subscriptions.ts';

/** The controller's word, kept up to date in the waypoint's own stores. */
export interface FollowedMesh {
  readonly discovery: DeltaClient;
  /** Resolves when services, workloads and everything that is for this waypoint are known. */
  readonly complete: Promise<void>;
}

/** Follows the controller; the client is not started yet and belongs to the controller's client. */
export function followMesh(deps: {
  readonly controller: ControllerClient;
  readonly view: MeshViewStore;
  readonly gateway: GatewayKey;
  readonly resources: Pick<ResourceStore, 'apply'>;
  readonly svids: SvidStore;
}): FollowedMesh {
  const { controller, view, gateway, resources, svids } = deps;
  const waiting = new Set([ADDRESS_TYPE, WAYPOINT_RESOURCE_TYPE]);
  const complete = Promise.withResolvers<void>();
  const discovery = controller.follow(
    subscriptionsTo(
      {
        applyToView: (batch) => view.apply(batch),
        updateResources: (change) => resources.apply(change),
        setTrustBundle: (bundle) => svids.setTrustBundle(bundle),
        applied(typeUrl) {
          waiting.delete(typeUrl);
          if (waiting.size === 0) complete.resolve();
        },
      },
      gateway,
    ),
  );
  return { discovery, complete: complete.promise };
}
