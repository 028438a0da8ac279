import { test } from 'tap';
import { createConnectionContext } from '../../src/waypoint/request/connection-context.ts';
import type { TargetPlan } from '../../src/waypoint/plan/target-plan.ts';

test('a connection that its waypoint hears no more about keeps the plan that it had', async (t) => {
  const plans: TargetPlan[] = [{} as TargetPlan, {} as TargetPlan, {} as TargetPlan];
  const known = { plan: plans[0] as TargetPlan, told: true };
  const connection = { client: {} as never, dialled: { kind: 'service' } as never };
  const context = createConnectionContext(connection, {
    planFor: () => known.plan,
    isTold: () => known.told,
  });
  t.equal(context.plan(), plans[0]);
  known.plan = plans[1] as TargetPlan;
  t.equal(context.plan(), plans[1], 'what changes holds for the next request');
  known.told = false;
  known.plan = plans[2] as TargetPlan;
  t.equal(context.plan(), plans[1], 'a plan without the policies that were taken away is not for it');
});
