import type { WorkloadIdentity } from '../../model/index.ts';
import { ControllerError } from '../errors.ts';
import type { PodObject } from '../objects/index.ts';
import { accountOf, type Caller } from '../tokens/index.ts';

/** What the decision about a certificate needs to know of the cluster. */
export interface NodePods {
  pod(namespace: string, name: string): PodObject | undefined;
  /** The pods that run on a node under a service account, finished ones left out. */
  podsOf(node: string, namespace: string, serviceAccount: string): readonly PodObject[];
}

export interface ImpersonationRules {
  /** `namespace/account` of those who may ask for their node's pods. */
  readonly trustedNodeAccounts: ReadonlySet<string>;
  readonly trustDomain: string;
}

/**
 * A node proxy gets the identities of pods on its own node and no others, so that whoever takes over a node has not
 * taken over the mesh. Throws ERR_CONTROLLER_IDENTITY_REFUSED with the reason.
 */
export function checkImpersonation(
  caller: Caller,
  wanted: WorkloadIdentity,
  cluster: NodePods & ImpersonationRules,
): void {
  if (!cluster.trustedNodeAccounts.has(accountOf(caller))) {
    throw refused(`${accountOf(caller)} is no node proxy, so it may ask for its own identity only`);
  }
  if (wanted.trustDomain !== cluster.trustDomain) {
    throw refused(`expected an identity of the trust domain ${cluster.trustDomain}, got ${wanted.id}`);
  }
  checkCallerPod(caller, cluster.pod(caller.namespace, caller.pod));
  if (cluster.podsOf(caller.node, wanted.namespace, wanted.serviceAccount).length === 0) {
    throw refused(
      `no pod with the service account ${wanted.namespace}/${wanted.serviceAccount} is on the node ${caller.node}`,
    );
  }
}

/** The token must be bound to a pod and a node; where that pod is known it must be the one that is meant. */
function checkCallerPod(caller: Caller, pod: PodObject | undefined): void {
  if (caller.pod === '' || caller.node === '') {
    throw refused('expected a token that is bound to a pod and its node, got one that is not');
  }
  if (pod === undefined) return;
  const same =
    (pod.meta.uid === '' || pod.meta.uid === caller.podUid) &&
    pod.serviceAccount === caller.serviceAccount &&
    (pod.node === '' || pod.node === caller.node);
  if (!same) {
    throw refused(`the token is of a former pod ${caller.namespace}/${caller.pod}, or of one elsewhere`);
  }
}

function refused(message: string): ControllerError {
  return new ControllerError({
    code: 'ERR_CONTROLLER_IDENTITY_REFUSED',
    blame: 'downstream',
    message,
  });
}
