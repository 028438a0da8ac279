import { type AuthorizationPolicy, policyKey } from '../../model/index.ts';
import { AuthorizationSchema, Scope } from '../generated/authorization_pb.js';
import { WireError } from '../errors.ts';
import { decodeMessage } from './resource-codec.ts';

/**
 * What stands in for an `istio.security.Authorization` that `authorizationCodec` does not understand: it denies
 * everything that the policy selects, as far as that can be told, and its namespace where it cannot. A policy that is only
 * tried out stays so.
 */
export function denialInPlaceOf(bytes: Uint8Array, resourceName: string): AuthorizationPolicy {
  const slash = resourceName.indexOf('/');
  const name = resourceName.slice(slash + 1);
  const namespace = resourceName.slice(0, Math.max(0, slash));
  const { scope, dryRun } = reachOf(bytes);
  const rules = [{ clauses: [] }];
  const notUnderstood = 'this node proxy does not know all that the controller says in it';
  return {
    key: policyKey(namespace, name),
    name,
    namespace,
    scope,
    action: 'deny',
    rules,
    dryRun,
    notUnderstood,
  };
}

function reachOf(bytes: Uint8Array): Pick<AuthorizationPolicy, 'scope' | 'dryRun'> {
  try {
    const { scope, dryRun } = decodeMessage(AuthorizationSchema, bytes);
    return { scope: SCOPES.get(scope) ?? 'namespace', dryRun };
  } catch (error) {
    if (error instanceof WireError) return { scope: 'namespace', dryRun: false };
    throw error;
  }
}

const SCOPES: ReadonlyMap<Scope, AuthorizationPolicy['scope']> = new Map([
  [Scope.GLOBAL, 'global'],
  [Scope.WORKLOAD_SELECTOR, 'workload-selector'],
]);
