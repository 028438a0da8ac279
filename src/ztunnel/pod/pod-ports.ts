import { type EnrolmentPod, resolveUpstream, type Workload } from '../../model/index.ts';
import { connectTcp, splice, tcpByteStream } from '../../net/index.ts';
import { beginRecord, type SessionKey, untilKnown } from '../../proxy/index.ts';
import type { TunnelPool } from '../../tunnel-protocol/index.ts';
import { workloadOfPod } from '../connections/own-workload.ts';
import type { ConnectionTracker } from '../connections/tracker.ts';
import { ZtunnelError } from '../errors.ts';
import type { InboundPorts } from '../inbound/ports.ts';
import type { OutboundPorts } from '../outbound/ports.ts';
import { createUpstreamDialler } from './dial-upstream.ts';
import { provisionalWorkload } from './provisional-workload.ts';
import type { PodProxyDeps, ProxiedPod } from './pod-proxy-deps.ts';

/** What carrying this pod's outbound connections needs, out of what there is. */
export function outboundPorts(
  deps: PodProxyDeps,
  target: ProxiedPod,
  own: { readonly pool: TunnelPool<SessionKey>; readonly tracker: ConnectionTracker },
): OutboundPorts {
  const { view, network, random, clock, traffic, journal, tracer } = deps;
  const { pod, namespace, mark, identity } = target;
  return {
    pod: pod.uid,
    sourceWorkload: () => sourceWorkload(pod, deps),
    resolve: (question) => resolveUpstream({ view, network, random, ...question }),
    dial: createUpstreamDialler({ namespace, mark, pool: own.pool, traffic, clock }),
    beginRecord: ({ remote }) =>
      beginRecord(journal, clock.monotonic, {
        direction: 'outbound',
        protocol: 'TCP',
        source: remote,
        sourceIdentity: identity.identity,
        trace: tracer.begin(undefined, undefined, deps.traceRulesOf(pod.uid, 'client')),
      }),
    tracker: own.tracker,
    share: deps.connections.pod(pod.uid),
    splice,
    tries: traffic.tries,
  };
}

/** The same for connections to this pod. */
export function inboundPorts(
  deps: PodProxyDeps,
  target: ProxiedPod,
  own: { readonly tracker: ConnectionTracker },
): InboundPorts {
  const { view, network, clock, traffic, journal, tracer, admission } = deps;
  const { pod, namespace, mark, identity } = target;
  return {
    pod: pod.uid,
    identity: identity.identity,
    network,
    view,
    admission,
    onWaypointBypass: deps.onWaypointBypass,
    refusals: deps.refusals,
    async connectApplication(destination, client, signal) {
      const socket = await connectTcp({
        namespace,
        ...destination,
        mark,
        // The application sees its real client.
        sourceAddress: client,
        timeoutMs: traffic.connectTimeoutMs,
        signal,
      });
      return tcpByteStream(socket);
    },
    beginRecord: (details, parent) =>
      beginRecord(journal, clock.monotonic, {
        ...details,
        trace: tracer.begin(parent, undefined, deps.traceRulesOf(pod.uid, 'server')),
      }),
    tracker: own.tracker,
    share: deps.connections.pod(pod.uid),
    splice,
    clock,
    holdMs: traffic.holdMs,
  };
}

function sourceWorkload(pod: EnrolmentPod, deps: PodProxyDeps): Promise<Workload> | Workload {
  const known = workloadOfPod(deps.view, pod.uid, pod.identity);
  if (known !== undefined) return known;
  return pod.isNew ? provisionalWorkload(pod, deps) : heldWorkload(pod, deps);
}

async function heldWorkload(pod: EnrolmentPod, deps: PodProxyDeps): Promise<Workload> {
  const { view, clock, traffic } = deps;
  const workload = await untilKnown({ changes: view.changes, clock }, traffic.holdMs, () =>
    workloadOfPod(view, pod.uid, pod.identity),
  );
  if (workload !== undefined) return workload;
  throw new ZtunnelError({
    code: 'ERR_ZTUNNEL_UNKNOWN_SOURCE',
    blame: 'local',
    message: `the workload ${pod.uid} has not arrived from the control plane`,
    hint: 'check that this node is connected to its controller, and that the pod is Running with an IP',
  });
}
