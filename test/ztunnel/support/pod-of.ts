import {
  type CaptureModes,
  type EnrolmentPod,
  parseIpAddress,
  workloadIdentity,
  type WorkloadUid,
} from '../../../src/model/index.ts';
import { UID } from './pod-cgroups.ts';

/** shop/cart at 10.244.1.7, but for what the test says. */
export function podOf(over: Partial<EnrolmentPod> = {}): EnrolmentPod {
  return {
    uid: 'Kubernetes//Pod/shop/cart' as WorkloadUid,
    namespace: 'shop',
    name: 'cart',
    identity: workloadIdentity({ trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'cart' }),
    kubernetesUid: UID,
    addresses: [parseIpAddress('10.244.1.7')],
    netns: '',
    heldBy: '',
    isNew: false,
    waypointBypass: 'count',
    accessLog: 'all',
    telemetry: undefined,
    modes: DEFAULT_MODES,
    ...over,
  };
}

export const DEFAULT_MODES: CaptureModes = {
  inbound: true,
  dns: false,
  excludedInboundPorts: [],
  excludedOutboundPorts: [],
  excludedOutboundCidrs: [],
  virtualInterfaces: [],
  existingConnections: 'keep',
};
