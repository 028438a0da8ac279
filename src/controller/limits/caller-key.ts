import { accountOf, type Caller } from '../tokens/index.ts';

/** Whose calls count together: a node's, whatever its proxy's pod is called today, and else a pod's. */
export function callerKey(caller: Caller, trustedNodeAccounts: ReadonlySet<string>): string {
  const account = accountOf(caller);
  return trustedNodeAccounts.has(account) && caller.node !== ''
    ? `the node proxy of ${caller.node}`
    : `${account}/${caller.pod || '-'}`;
}
