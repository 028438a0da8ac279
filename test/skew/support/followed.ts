import {
  createMeshView,
  type GatewayKey,
  type MeshView,
  type MeshViewBatch,
} from '../../../src/model/index.ts';
import { createDeltaClient, type DeltaClient, type DeltaTransport } from '../../../src/xds/index.ts';
import { subscriptionsTo as waypointSubscriptions } from '../../../src/waypoint/control-plane/subscriptions.ts';
import { subscriptionsTo as ztunnelSubscriptions } from '../../../src/ztunnel/control-plane/subscriptions.ts';
import { VERSION_KEY } from '../../../src/xds/index.ts';
import type { ProxyKind } from './mesh.ts';

/** What today's proxy of a kind makes of what it is told. */
export interface FollowedMesh {
  readonly client: DeltaClient;
  readonly view: MeshView;
  readonly enrolments: string[];
  readonly resources: string[];
  readonly batches: MeshViewBatch[];
  trustBundles: number;
}

export function follow(kind: ProxyKind, transport: DeltaTransport): FollowedMesh {
  const view = createMeshView();
  const enrolments: string[] = [];
  const resources: string[] = [];
  const batches: MeshViewBatch[] = [];
  const applyToView = (batch: MeshViewBatch): void => {
    batches.push(batch);
    view.apply(batch);
  };
  const setTrustBundle = (): void => {
    followed.trustBundles += 1;
  };
  const applied = (): void => undefined;
  const types =
    kind === 'ztunnel'
      ? ztunnelSubscriptions(
          {
            applyToView,
            applied,
            own: {
              updateEnrolment: ({ upserts }) => void enrolments.push(...upserts.map(({ name }) => name)),
              updateMemberships: () => undefined,
              setTrustBundle,
            },
          },
          new Map(),
        )
      : waypointSubscriptions(
          {
            applyToView,
            applied,
            setTrustBundle,
            updateResources: ({ upserts }) => void resources.push(...upserts.map(({ name }) => name)),
          },
          'shop/waypoint' as GatewayKey,
        );
  const client = createDeltaClient({
    transport,
    types,
    node: {
      id: `${kind}~10.0.0.1~${kind}.shop~shop.svc.cluster.local`,
      metadata: { NAME: kind, NAMESPACE: 'shop', CLUSTER_ID: 'Kubernetes', [VERSION_KEY]: '0.1.0' },
    },
  });
  const followed: FollowedMesh = { client, view, enrolments, resources, batches, trustBundles: 0 };
  return followed;
}
