import type { NetNamespace } from '../namespace/network-namespace.ts';
import { listTrackedFlows } from './tracked-flows.ts';

/** Connections that need the redirection to stay as it is, until they have ended. */
export interface TrackedConnections {
  /** Turned to one of our ports by a nat rule. */
  readonly redirected: number;
  /** Ours to the application, under the client's address: replies find back by the policy route. */
  readonly marked: number;
}

/** Counts what conntrack still holds, at the cost of `listTrackedFlows`. Rejects with NetError. */
export async function countTrackedConnections(namespace: NetNamespace): Promise<TrackedConnections> {
  const flows = await listTrackedFlows(namespace);
  const redirected = flows.filter(({ kind }) => kind === 'redirected').length;
  return { redirected, marked: flows.length - redirected };
}
