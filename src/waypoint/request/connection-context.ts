import type { TargetPlan } from '../plan/target-plan.ts';
import type { ConnectionContext } from './handle-exchange.ts';
import type { DialledTarget } from './request-parties.ts';

/**
 * What the requests of a connection have in common. When the waypoint is told no more what holds for the target (its service
 * has gone to another waypoint, or the Gateway is deleted), what held last holds on for the connections that are there: without
 * its policies nothing is let through.
 */
export function createConnectionContext(
  { client, dialled }: Pick<ConnectionContext, 'client' | 'dialled'>,
  known: { planFor(dialled: DialledTarget): TargetPlan; isTold(dialled: DialledTarget): boolean },
): ConnectionContext {
  let last = known.planFor(dialled);
  return {
    client,
    dialled,
    plan() {
      if (known.isTold(dialled)) last = known.planFor(dialled);
      return last;
    },
  };
}
