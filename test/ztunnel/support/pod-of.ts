import {
  type EnrolmentPod,
  parseIpAddress,
  type WorkloadUid,
  workloadIdentity,
} from '../../../src/model/index.ts';
import { UID } from './pod-cgroups.ts';
import { DEFAULT_MODES } from './two-nodes.ts';

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
