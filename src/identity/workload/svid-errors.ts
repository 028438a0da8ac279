import type { WorkloadIdentity } from '../../model/index.ts';
import { IdentityError } from '../errors.ts';

/** Nothing came in the time that a caller waits; `cause` is what the last attempt failed with. */
export function lateError(identity: WorkloadIdentity, patienceMs: number, cause: unknown): IdentityError {
  return unavailable(`expected a certificate of ${identity.id} within ${patienceMs} ms, got none`, cause);
}

/** There is none now; trying again may help. */
export function unavailable(message: string, cause?: unknown): IdentityError {
  return new IdentityError({
    code: 'ERR_IDENTITY_SVID_UNAVAILABLE',
    blame: 'local',
    message,
    hint: 'is the controller reachable from this node, and its certificate authority healthy?',
    retryable: true,
    cause,
  });
}

/** The authority said no, and will go on saying so. */
export function refusedError(identity: WorkloadIdentity, cause: unknown): IdentityError {
  return new IdentityError({
    code: 'ERR_IDENTITY_SVID_REFUSED',
    blame: 'local',
    message: `expected a certificate of ${identity.id}, got a refusal`,
    hint: 'a node only gets certificates of workloads that are scheduled on it',
    cause,
  });
}
