import type { GatewayKey } from '../../model/index.ts';
import type { StreamPeer } from '../../xds/index.ts';
import { directFetch, type MeshCollections } from '../collections/index.ts';
import { ControllerError } from '../errors.ts';
import { objectKey, type PodObject } from '../objects/index.ts';
import { accountOf, type Caller } from '../tokens/index.ts';
import { GATEWAY_NAME } from '../translate/index.ts';

/** Who sees what is for one waypoint alone. No node can have such a name. */
export function waypointAudience(gateway: GatewayKey): string {
  return `waypoint:${gateway}`;
}

/**
 * Whom a stream is with, from its token: a node proxy sees what is for its node, a waypoint what is for its Gateway,
 * everybody else what is for everybody. A pod that says it is a waypoint's and cannot be told for one is turned away
 * until it can: to be told of no policies would look to it as if there were none. Throws ERR_CONTROLLER_PROXY_UNKNOWN.
 */
export function streamPeerOf(
  caller: Caller,
  parts: {
    readonly collections: Pick<MeshCollections, 'pods' | 'waypointOfPod'>;
    readonly trustedNodeAccounts: ReadonlySet<string>;
  },
): StreamPeer {
  const id = `${accountOf(caller)}/${caller.pod || '-'}@${caller.node || '-'}`;
  if (parts.trustedNodeAccounts.has(accountOf(caller)))
    return caller.node === ''
      ? { id, audience: undefined }
      : { id, audience: caller.node, name: `ztunnel/${caller.node}` };
  if (caller.pod === '') return { id, audience: undefined };
  const pod = parts.collections.pods.get(objectKey({ namespace: caller.namespace, name: caller.pod }));
  if (pod === undefined || !isPodOf(caller, pod)) {
    throw unknown(`the pod ${caller.namespace}/${caller.pod} is not known (yet)`);
  }
  const gateway = pod.meta.labels.get(GATEWAY_NAME);
  if (gateway === undefined) return { id, audience: undefined };
  const waypoint = parts.collections.waypointOfPod(directFetch, pod);
  if (waypoint?.ours === true)
    return { id, audience: waypointAudience(waypoint.key), name: `waypoint/${objectKey(pod.meta)}` };
  throw unknown(
    `the pod ${objectKey(pod.meta)} is to be of the waypoint ${pod.meta.namespace}/${gateway}, which is not there or has another service account than ${pod.serviceAccount}`,
  );
}

/** A token outlives its pod, and names are used again. */
function isPodOf(caller: Caller, pod: PodObject): boolean {
  return (
    (pod.meta.uid === '' || pod.meta.uid === caller.podUid) && pod.serviceAccount === caller.serviceAccount
  );
}

function unknown(message: string): ControllerError {
  return new ControllerError({
    code: 'ERR_CONTROLLER_PROXY_UNKNOWN',
    blame: 'downstream',
    message,
    hint: 'it tries again by itself; see nodemesh waypoint status',
    retryable: true,
  });
}
