import type { GatewayKey } from '../../model/index.ts';
import type { StreamPeer } from '../../xds/index.ts';
import { directFetch, type MeshCollections } from '../collections/index.ts';
import { ControllerError } from '../errors.ts';
import { objectKey } from '../objects/index.ts';
import { accountOf, type Caller, isPodOf } from '../tokens/index.ts';
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
  if (parts.trustedNodeAccounts.has(accountOf(caller))) {
    if (caller.node !== '') return { id, audience: caller.node, name: `ztunnel/${caller.node}` };
    // Without its node's pods it would take itself for one that has none, and let them go.
    if (caller.pod !== '')
      throw unknown(`the node of the pod ${caller.namespace}/${caller.pod} is not known (yet)`);
    return { id, audience: undefined };
  }
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

function unknown(message: string): ControllerError {
  return new ControllerError({
    code: 'ERR_CONTROLLER_PROXY_UNKNOWN',
    blame: 'downstream',
    message,
    hint: 'it tries again by itself; see nodemesh waypoint status',
    retryable: true,
  });
}
