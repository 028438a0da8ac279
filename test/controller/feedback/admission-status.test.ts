import { test } from 'tap';
import { type RunningController, runController } from '../support/running-controller.ts';

function object(kind: string, spec: unknown, name = 'a') {
  const metadata = { name, namespace: 'shop', generation: 3 };
  return { apiVersion: 'nodemesh.io/v1alpha1', kind, metadata, spec };
}

const SERVICE = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'cart', namespace: 'shop' },
  spec: { clusterIP: '10.96.0.1', ports: [{ name: 'http', port: 80 }] },
};
const TO_CART = [{ kind: 'Service', name: 'cart', sectionName: 'http' }];
const LIMIT = { targetRefs: TO_CART, rules: [{ limits: [{ requests: 1 }] }] };

/** Waits until the newest status of an object is so. */
async function untilStatus({ writes }: RunningController, object: string, expected: RegExp): Promise<void> {
  const newest = () => writes.findLast((write) => write.includes(object) && write.includes('Accepted'));
  for (let round = 0; !expected.test(newest() ?? ''); round++) {
    if (round === 1_000) throw new Error(`waited 10 s for ${expected}, got ${newest()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('an object says whether it is accepted, and again when what it is for comes and goes', async (t) => {
  const running = await runController(t, { objects: { limit: object('RateLimit', LIMIT) } });
  await untilStatus(
    running,
    'shop/a',
    /"status":"False","reason":"TargetNotFound".*there is no Service cart/,
  );
  await running.apply('cart', SERVICE);
  await untilStatus(running, 'shop/a', /"observedGeneration":3.*"status":"True","reason":"Accepted"/);
  await running.remove('cart');
  await untilStatus(running, 'shop/a', /TargetNotFound/);
});

test('an object that does not follow its schema is told so, and what becomes of it', async (t) => {
  const running = await runController(t, {
    objects: {
      cart: SERVICE,
      limit: object('RateLimit', { ...LIMIT, rule: [] }, 'limit'),
      fault: object('FaultInjection', { rules: [{}] }, 'fault'),
      filter: object('Filter', { source: { inline: 'x' }, timeout: 1 }, 'filter'),
    },
  });
  await untilStatus(
    running,
    'shop/limit',
    /"reason":"Invalid".*nothing is limited by it: spec\.rule: expected one of/,
  );
  await untilStatus(running, 'shop/fault', /"reason":"Invalid".*injects nothing/);
  await untilStatus(running, 'shop/filter', /"reason":"Invalid".*its requests are refused: spec\.timeout/);
});

test('a change that breaks an object leaves it as it was', async (t) => {
  const running = await runController(t, {
    objects: { cart: SERVICE, limit: object('RateLimit', LIMIT) },
  });
  await untilStatus(running, 'shop/a', /"reason":"Accepted"/);
  await running.apply('limit', object('RateLimit', { ...LIMIT, rules: [] }));
  for (let round = 0; !running.writes.some((write) => write.includes('InvalidObject')); round++) {
    if (round === 1_000) throw new Error('nobody was told');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await untilStatus(running, 'shop/a', /"reason":"Accepted"/);
});

test('a filter whose module cannot be loaded is told the line', async (t) => {
  const broken = 'export function onRequest() {}\nlet x = ;';
  const running = await runController(t, {
    objects: { cart: SERVICE, filter: object('Filter', { targetRefs: TO_CART, source: { inline: broken } }) },
  });
  await untilStatus(running, 'shop/a', /"reason":"Invalid".*spec\.source: line 2: Expression expected/);
  const source = { configMapRef: { name: 'filters', key: 'a.ts' } };
  await running.apply('filter', object('Filter', { targetRefs: TO_CART, source }));
  await untilStatus(running, 'shop/a', /there is no ConfigMap filters/);
  await running.apply('map', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'filters', namespace: 'shop' },
    data: { 'a.ts': 'export function onRequest() {}' },
  });
  await untilStatus(running, 'shop/a', /"status":"True","reason":"Accepted"/);
});
