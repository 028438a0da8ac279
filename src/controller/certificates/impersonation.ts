import type { WorkloadIdentity } from '../../model/index.ts';
import { ControllerError } from '../errors.ts';
import type { PodObject } from '../objects/index.ts';
import { accountOf, type Caller, isPodOf } from '../tokens/index.ts';

/** What the decision about a certificate needs to know of the cluster. */
export interface NodePods {
  pod(namespace: string, name: string): PodObject | undefined;
  /** The pods that run on a node under a service account, finished ones left out. */
  podsOf(node: string, namespace: string, serviceAccount: string): readonly PodObject[];
}

/** Whom a caller may be given a certificate for. */
export interface ImpersonationRules {
  /** `namespace/account` of those who may ask for their node's pods. */
  readonly trustedNodeAccounts: ReadonlySet<string>;
  readonly trustDomain: string;
  /**
   * The caller's own pod must be known. In a cluster it is, sooner or later; the node proxies of a mesh that is made of
   * manifests alone have none. Default false.
   */
  readonly callersAreKnown?: boolean | undefined;
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
  checkCallerPod(caller, cluster.pod(caller.namespace, caller.pod), cluster.callersAreKnown === true);
  if (cluster.podsOf(caller.node, wanted.namespace, wanted.serviceAccount).length === 0) {
    throw refused(
      `no pod with the service account ${wanted.namespace}/${wanted.serviceAccount} is on the node ${caller.node}`,
    );
  }
}

/** The token must be bound to a pod and a node; where that pod is known it must be the one that is meant. */
function checkCallerPod(caller: Caller, pod: PodObject | undefined, mustBeKnown: boolean): void {
  if (caller.pod === '' || (caller.node === '' && pod !== undefined)) {
    throw refused('expected a token that is bound to a pod and its node, got one that is not');
  }
  if (pod === undefined) {
    if (mustBeKnown || caller.node === '') throw unknownPod(caller);
    return;
  }
  const same =
    isPodOf(caller, pod) &&
    (pod.node === '' || pod.node === caller.node) &&
    pod.phase !== 'Succeeded' &&
    pod.phase !== 'Failed';
  if (!same) {
    throw refused(`the token is of a former pod ${caller.namespace}/${caller.pod}, or of one elsewhere`);
  }
}

/** It may have been made a moment ago: the caller is to come back. */
function unknownPod({ namespace, pod }: Caller): ControllerError {
  return new ControllerError({
    code: 'ERR_CONTROLLER_PROXY_UNKNOWN',
    blame: 'downstream',
    message: `the pod ${namespace}/${pod} of the caller is not known (yet)`,
    retryable: true,
  });
}

function refused(message: string): ControllerError {
  return new ControllerError({
    code: 'ERR_CONTROLLER_IDENTITY_REFUSED',
    blame: 'downstream',
    message,
  });
}
