import type { ManifestObject } from '../../cluster/index.ts';
import { type NodeDescription, REGION_LABEL, ZONE_LABEL } from '../../cluster/objects/index.ts';
import { MESH_NAMESPACE } from '../../mesh/index.ts';
import type { NodeAddresses } from '../../network/index.ts';
import type { SupervisorConfig } from '../../state/index.ts';

/** What every cluster has before anybody applies anything. */
export function systemManifests({
  sideBySide,
}: Pick<SupervisorConfig, 'sideBySide'>): readonly ManifestObject[] {
  const namespaces = ['default', 'kube-system', MESH_NAMESPACE, 'istio-system'].map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
  }));
  return [
    ...namespaces,
    ...Object.entries(WAYPOINT_CLASSES).map(gatewayClass),
    ...(sideBySide ? [SIDE_BY_SIDE] : []),
  ];
}

/** As `nodemesh install` leaves it in a cluster: by it every command knows whose Istio's labels are. */
const SIDE_BY_SIDE: ManifestObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'nodemesh-installation', namespace: MESH_NAMESPACE },
  data: { version: 'lab', settings: JSON.stringify({ sideBySide: true }) },
};

/** Classes of Gateways that are waypoints, with the controller that is to run them. */
const WAYPOINT_CLASSES = {
  'nodemesh-waypoint': 'nodemesh.io/waypoint-controller',
  'istio-waypoint': 'istio.io/mesh-controller',
} as const;

function gatewayClass([name, controllerName]: readonly [string, string]): ManifestObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: { name },
    spec: { controllerName },
  };
}

/** Region and zone are those of the lab unless the node's labels say otherwise. */
export function nodeManifest({ name, labels }: NodeDescription, addresses: NodeAddresses): ManifestObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        [REGION_LABEL]: 'lab',
        [ZONE_LABEL]: 'lab-a',
        ...labels,
      },
    },
    spec: { podCIDR: addresses.podCidrV4, podCIDRs: [addresses.podCidrV4, addresses.podCidrV6] },
    status: {
      addresses: [
        { type: 'InternalIP', address: addresses.ipv4 },
        { type: 'InternalIP', address: addresses.ipv6 },
        { type: 'Hostname', address: name },
      ],
      conditions: [{ type: 'Ready', status: 'True', reason: 'LabNodeReady' }],
    },
  };
}
