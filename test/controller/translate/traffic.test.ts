import { test } from 'tap';
import { createMeshCollections, type MeshCollections } from '../../../src/controller/collections/index.ts';
import { writeTrafficStatus } from '../../../src/controller/feedback/index.ts';
import { objectKey, parseObject } from '../../../src/controller/objects/index.ts';
import type { ObjectStatus } from '../../../src/controller/sink/index.ts';
import type { WaypointResource } from '../../../src/model/index.ts';
import { encodeResource, waypointResourceCodec } from '../../../src/wire/index.ts';
import { CONFORMANCE_SETTINGS } from '../support/settings.ts';

const CART = 'shop/cart.shop.svc.cluster.local';

test('a policy is attached to what it names, by number and by name, and is in force', async (t) => {
  const world = makeWorld();
  world.apply(
    service('cart'),
    policy('a', [
      { kind: 'Service', name: 'cart' },
      { kind: 'Service', name: 'cart', sectionName: 'http' },
      { kind: 'Service', name: 'cart', sectionName: '8080' },
    ]),
  );
  t.match(world.attachments('TrafficPolicy/shop/a'), [
    { kind: 'service', service: CART, port: undefined },
    { kind: 'service', service: CART, port: 80 },
    { kind: 'service', service: CART, port: 8080 },
  ]);
  t.match(world.accepted('a'), {
    status: 'False',
    reason: 'TargetNotFound',
    message: /port 8080 of Service cart/,
  });
  world.apply(policy('a', [{ kind: 'Service', name: 'cart', sectionName: 'http' }]));
  t.match(world.accepted('a'), { status: 'True', reason: 'Accepted', observedGeneration: 1 });
});

test('what is not there yet is attached to all the same, and the status says so until it comes', async (t) => {
  const world = makeWorld();
  world.apply(policy('a', [{ kind: 'Service', name: 'cart' }]));
  t.match(world.accepted('a'), { status: 'False', reason: 'TargetNotFound' });
  t.equal(world.attachments('TrafficPolicy/shop/a')?.length, 1);
  world.apply(service('cart'));
  t.match(world.accepted('a'), { status: 'True', reason: 'Accepted' });
});

test('of two policies for the same target the older counts, also when it comes later', async (t) => {
  const world = makeWorld();
  const target = [{ kind: 'Service', name: 'cart' }];
  world.apply(service('cart'), policy('young', target, {}, '2030-01-02T00:00:00Z'));
  t.match(world.accepted('young'), { status: 'True' });
  world.apply(policy('old', target, {}, '2030-01-01T00:00:00Z'));
  t.match(world.accepted('young'), {
    status: 'False',
    reason: 'Conflicted',
    message: /^old, older, has the same/,
  });
  t.match(world.accepted('old'), { status: 'True' });
  t.strictSame(world.names(), ['TrafficPolicy/shop/old']);
  world.remove('TrafficPolicy', 'old');
  t.match(world.accepted('young'), { status: 'True' });
  t.strictSame(world.names(), ['TrafficPolicy/shop/young']);
});

test('a conflict takes one target away and leaves the others', async (t) => {
  const world = makeWorld();
  const both = [
    { kind: 'Service', name: 'cart' },
    { kind: 'Service', name: 'pay' },
  ];
  world.apply(
    service('cart'),
    service('pay'),
    policy('old', both.slice(0, 1), {}, '2030-01-01T00:00:00Z'),
    policy('young', both, {}, '2030-01-02T00:00:00Z'),
  );
  t.match(world.accepted('young'), { reason: 'Conflicted', message: /it holds for its other targets/ });
  t.match(world.attachments('TrafficPolicy/shop/young'), [{ service: 'shop/pay.shop.svc.cluster.local' }]);
});

test('a port, a rule and another kind are other targets', async (t) => {
  const world = makeWorld();
  world.apply(
    service('cart'),
    policy('whole', [{ kind: 'Service', name: 'cart' }]),
    policy('port', [{ kind: 'Service', name: 'cart', sectionName: '80' }]),
    backendPolicy('budget', {}),
  );
  for (const name of ['whole', 'port']) t.match(world.accepted(name), { status: 'True' }, name);
  t.strictSame(world.names(), [
    'TrafficPolicy/shop/port',
    'TrafficPolicy/shop/whole',
    'XBackendTrafficPolicy/shop/budget',
  ]);
});

test('an XBackendTrafficPolicy says its part of the same, and is told under its ancestors', async (t) => {
  const world = makeWorld();
  world.apply(
    service('cart'),
    backendPolicy('budget', {
      retryConstraint: { budget: { percent: 50 } },
      sessionPersistence: { type: 'Header', sessionName: 'x-session' },
    }),
  );
  t.match(world.policy('XBackendTrafficPolicy/shop/budget')?.overrides, {
    retryBudget: { percent: 50, intervalMs: 10_000, minimumRetries: 10 },
    sessionPersistence: { type: 'header', sessionName: 'x-session' },
    limits: { maximumConnections: undefined },
  });
  t.match(world.status('XBackendTrafficPolicy', 'budget')?.lists?.ancestors?.entries, [
    {
      ancestorRef: { group: '', kind: 'Service', name: 'cart' },
      conditions: [{ type: 'Accepted', status: 'True', reason: 'Accepted' }],
    },
  ]);
  world.apply(backendPolicy('foreign', {}, { group: 'multicluster.x-k8s.io', kind: 'ServiceImport' }));
  t.match(world.status('XBackendTrafficPolicy', 'foreign')?.lists?.ancestors?.entries, [
    { conditions: [{ reason: 'Invalid', message: /ServiceImport cart of multicluster/ }] },
  ]);
});

test('what is not valid is not in force, and the status says why', async (t) => {
  const world = makeWorld();
  const object = parseObject(policy('a', [{ kind: 'Service', name: 'cart' }]));
  world.collections.apply([{ type: 'upsert', object, faults: ['spec.limits: expected …'] }]);
  t.match(world.accepted('a'), { status: 'False', reason: 'Invalid', message: /spec\.limits/ });
  t.strictSame(world.names(), []);
});

test('every policy that is in force goes over the wire', async (t) => {
  const world = makeWorld();
  world.apply(
    service('cart'),
    policy('a', [{ kind: 'Service', name: 'cart' }], { limits: { maxConnections: 3 } }),
  );
  for (const resource of world.collections.trafficPolicies.values()) {
    const { name, bytes } = encodeResource(waypointResourceCodec, resource);
    t.equal(name, 'TrafficPolicy/shop/a');
    t.match(waypointResourceCodec.decode(bytes), {
      policy: { overrides: { limits: { maximumConnections: 3 } } },
    });
  }
  t.equal(world.collections.trafficPolicies.size, 1);
});

function makeWorld() {
  const collections: MeshCollections = createMeshCollections({
    ...CONFORMANCE_SETTINGS,
    clusterDomain: 'cluster.local',
  });
  const written = new Map<string, ObjectStatus>();
  writeTrafficStatus(
    collections,
    {
      setStatus: (status) => void written.set(`${status.kind}/${status.namespace}/${status.name}`, status),
      forgetStatus: ({ kind, namespace, name }) => void written.delete(`${kind}/${namespace}/${name}`),
    },
    {},
  );
  const policyOf = (key: string) => {
    const resource: WaypointResource | undefined = collections.trafficPolicies.get(key);
    return resource?.kind === 'traffic' ? resource.policy : undefined;
  };
  const status = (kind: string, name: string) => written.get(`${kind}/shop/${name}`);
  return {
    collections,
    status,
    policy: policyOf,
    attachments: (key: string) => policyOf(key)?.attachments,
    accepted: (name: string) => status('TrafficPolicy', name)?.conditions?.[0],
    names: () =>
      [...collections.trafficPolicies.values()]
        .map((resource) => (resource.kind === 'traffic' ? String(resource.policy.key) : ''))
        .sort(),
    apply: (...objects: readonly unknown[]) =>
      collections.apply(
        objects.map((object) => ({ type: 'upsert', object: parseObject(object), faults: [] }) as const),
      ),
    remove: (kind: 'TrafficPolicy', name: string) =>
      collections.apply([{ type: 'delete', kind, key: objectKey({ namespace: 'shop', name }) }]),
  };
}

function policy(name: string, targetRefs: readonly object[], spec: object = {}, created?: string): unknown {
  return {
    apiVersion: 'nodemesh.io/v1alpha1',
    kind: 'TrafficPolicy',
    metadata: { name, namespace: 'shop', generation: 1, creationTimestamp: created },
    spec: { targetRefs, ...spec },
  };
}

function backendPolicy(name: string, spec: object, target: object = { group: '', kind: 'Service' }): unknown {
  return {
    apiVersion: 'gateway.networking.x-k8s.io/v1alpha1',
    kind: 'XBackendTrafficPolicy',
    metadata: { name, namespace: 'shop' },
    spec: { targetRefs: [{ ...target, name: 'cart' }], ...spec },
  };
}

function service(name: string): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop' },
    spec: { ports: [{ name: 'http', port: 80 }], selector: { app: name } },
  };
}
