import { type EnrolmentPod, formatSocketAddress } from '../../model/index.ts';
import type { LiveConnection } from '../connections/tracker.ts';
import { type PodState, stateInDump } from '../enrolment/pod-state.ts';

/** A connection that was there before the pod was enrolled: plaintext, and outside of every policy. */
export interface OlderConnection {
  readonly local: string;
  readonly remote: string;
}

/** One pod of this node, as it is now. */
export interface DumpedPod {
  readonly pod: EnrolmentPod;
  readonly state: PodState;
  readonly connections: readonly LiveConnection[];
  readonly older: readonly OlderConnection[];
}

/** `workloadState` of config_dump: the pods of this node, by uid. `older`, `error`, `podUid` and `addresses` are additions of ours. */
export function dumpState(pods: readonly DumpedPod[]): Record<string, unknown> {
  return Object.fromEntries(pods.map((entry) => [entry.pod.uid, dumpPod(entry)]));
}

function dumpPod({ pod, state, connections, older }: DumpedPod): Record<string, unknown> {
  const of = (direction: LiveConnection['direction']): unknown[] =>
    connections.filter((connection) => connection.direction === direction).map(dumpConnection);
  return {
    state: stateInDump(state),
    connections: {
      inbound: of('inbound'),
      outbound: of('outbound'),
      ...(older.length > 0 ? { older } : {}),
    },
    info: {
      name: pod.name,
      namespace: pod.namespace,
      trustDomain: pod.identity.trustDomain,
      serviceAccount: pod.identity.serviceAccount,
      ...(pod.kubernetesUid === '' ? {} : { podUid: pod.kubernetesUid }),
      addresses: pod.addresses,
    },
    ...(state.kind === 'waiting' ? { error: state.error.message } : {}),
  };
}

function dumpConnection(connection: LiveConnection): Record<string, unknown> {
  return {
    src: formatSocketAddress(connection.source),
    originalDst: connection.dialled ?? null,
    actualDst: formatSocketAddress(connection.destination),
    protocol: connection.protocol,
  };
}
