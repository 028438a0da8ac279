import { test } from 'tap';
import { gatewayKey, type ServiceKey, type TrafficPolicy } from '../../src/model/index.ts';
import { createPlanStore } from '../../src/waypoint/plan/plan-store.ts';
import type { TargetPlan } from '../../src/waypoint/plan/target-plan.ts';
import { createResourceStore } from '../../src/waypoint/resources/resource-store.ts';
import { keyOf, makeService } from '../model/mesh-fixtures.ts';

const GATEWAY = gatewayKey('shop', 'waypoint');
const cartService = makeService({ name: 'cart' });
const CART = keyOf(cartService);
const PAYMENTS = keyOf(makeService({ name: 'payments' }));

test('clients that dial many ports do not make the waypoint keep many plans', async (t) => {
  let compiled = 0;
  const plans = createPlanStore(createResourceStore(GATEWAY), () => {
    compiled += 1;
    return {} as TargetPlan;
  });
  const kept = new WeakRef(plans.planFor({ service: undefined, port: 1 }));
  for (let port = 2; port <= 1_000; port++) plans.planFor({ service: undefined, port });
  t.equal(compiled, 1_000);
  t.not(plans.planFor({ service: undefined, port: 1 }), kept.deref());
  t.equal(compiled, 1_001);
  plans.planFor({ service: undefined, port: 1_000 });
  t.equal(compiled, 1_001);
});

test('a plan is compiled once, and again only after a change that concerns it', async (t) => {
  const resources = createResourceStore(GATEWAY);
  let compiled = 0;
  const plans = createPlanStore(resources, () => {
    compiled += 1;
    return {} as TargetPlan;
  });
  const change = (service: ServiceKey | undefined): void => {
    const attachment =
      service === undefined
        ? ({ kind: 'gateway', gateway: GATEWAY } as const)
        : ({ kind: 'service', service, port: undefined } as const);
    const policy = { attachments: [attachment] } as unknown as TrafficPolicy;
    resources.apply({ upserts: [{ name: 'p', resource: { kind: 'traffic', policy } }], removed: [] });
  };
  const cart = plans.planFor({ service: cartService, port: 80 });
  t.equal(plans.planFor({ service: cartService, port: 80 }), cart);
  t.equal(compiled, 1);
  plans.planFor({ service: cartService, port: 81 });
  t.equal(compiled, 2, 'each port has its own');

  change(PAYMENTS);
  plans.planFor({ service: cartService, port: 80 });
  t.equal(compiled, 2, 'what concerns another service changes nothing');
  change(CART);
  plans.planFor({ service: cartService, port: 80 });
  t.equal(compiled, 3);
  change(undefined);
  plans.planFor({ service: cartService, port: 80 });
  plans.planFor({ service: undefined, port: 80 });
  t.equal(compiled, 5, 'what holds for the gateway concerns all, pods too');
  plans.planFor({ service: makeService({ name: 'cart' }), port: 80 });
  t.equal(compiled, 6, 'another version of the service has another plan');
});
