import {
  type CaptureModes,
  type EnrolmentPod,
  type MeshView,
  workloadIdentity,
  type WorkloadUid,
} from '../../model/index.ts';
import type { AgentPod } from '../../wire/index.ts';

/** What the agent captures is its own business: nothing here reads these. */
const MODES: CaptureModes = Object.freeze({
  inbound: true,
  dns: false,
  excludedInboundPorts: [],
  excludedOutboundPorts: [],
  excludedOutboundCidrs: [],
  virtualInterfaces: [],
  existingConnections: 'keep',
});

/**
 * A pod as the rest of the proxy knows pods, out of what the agent says (wire.md §3.9) and how the control plane names it
 * (§2.4). Throws ModelError for names that are none.
 */
export function describePod(
  info: AgentPod,
  mesh: { readonly view: MeshView; readonly clusterId: string; readonly trustDomain: string },
): EnrolmentPod {
  const { namespace, name, serviceAccount } = info;
  const uid = `${mesh.clusterId}//Pod/${namespace}/${name}` as WorkloadUid;
  const trustDomain = toldTrustDomain(mesh.view, uid, mesh.clusterId) ?? mesh.trustDomain;
  return {
    uid,
    namespace,
    name,
    identity: workloadIdentity({ trustDomain, namespace, serviceAccount }),
    kubernetesUid: info.uid,
    addresses: [],
    netns: '',
    heldBy: '',
    isNew: false,
    modes: MODES,
    waypointBypass: 'count',
    accessLog: 'all',
    telemetry: undefined,
  };
}

/** A new pod has no workload yet, but one cluster has one trust domain: that of any other workload of it. */
function toldTrustDomain(view: MeshView, uid: WorkloadUid, clusterId: string): string | undefined {
  const own = view.workload(uid);
  if (own !== undefined) return own.trustDomain;
  for (const workload of view.workloads()) if (workload.clusterId === clusterId) return workload.trustDomain;
  return undefined;
}
