import { test } from 'tap';
import { createFakeClock } from '../../support/fake-clock.ts';
import { silentLogger } from '../../../src/base/index.ts';
import { publishWaypointResources } from '../../../src/controller/server/waypoint-publisher.ts';
import { createDeltaServer, WAYPOINT_RESOURCE_TYPE } from '../../../src/xds/index.ts';
import { meshOf, serviceObject } from '../support/mesh-of.ts';

const BOUND = 'Service/shop/cart.shop.svc.domain.suffix';
const POLICY = 'AuthorizationPolicy/shop/only-get';

function gateway(name: string): object {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { namespace: 'shop', name },
    spec: {
      gatewayClassName: 'nodemesh-waypoint',
      listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }],
    },
  };
}

function cart(waypoint?: string): object {
  const service = serviceObject('shop', 'cart') as { metadata: object };
  const labels = waypoint === undefined ? {} : { 'istio.io/use-waypoint': waypoint };
  return { ...service, metadata: { ...service.metadata, labels } };
}

const policy = {
  apiVersion: 'security.istio.io/v1',
  kind: 'AuthorizationPolicy',
  metadata: { namespace: 'shop', name: 'only-get' },
  spec: {
    targetRefs: [{ group: '', kind: 'Service', name: 'cart' }],
    rules: [{ to: [{ operation: { methods: ['GET'] } }] }],
  },
};

/** What each waypoint may see, after every batch that was told. */
function publish(...values: readonly unknown[]) {
  const mesh = meshOf([]);
  const server = createDeltaServer({
    types: [WAYPOINT_RESOURCE_TYPE],
    clock: createFakeClock(),
    log: silentLogger,
  });
  const cache = server.cache(WAYPOINT_RESOURCE_TYPE);
  const batches: Readonly<Record<string, readonly string[]>>[] = [];
  const seen = (): Readonly<Record<string, readonly string[]>> => {
    const audiences: Record<string, string[]> = {};
    for (const resource of cache.resources() as Iterable<{ name: string; audiences: ReadonlySet<string> }>)
      for (const audience of resource.audiences)
        audiences[audience] = [...(audiences[audience] ?? []), resource.name].sort();
    return audiences;
  };
  const stop = publishWaypointResources(mesh.collections, server, silentLogger);
  const settle = async (): Promise<void> => {
    const before = cache.apply({}).sequence;
    await Promise.resolve();
    if (cache.apply({}).sequence !== before) batches.push(seen());
  };
  return {
    batches,
    seen,
    async apply(...objects: readonly unknown[]) {
      mesh.apply(...objects);
      await settle();
    },
    async remove(...objects: readonly unknown[]) {
      mesh.remove(...objects);
      await settle();
    },
    async start() {
      await this.apply(...values);
    },
    async close() {
      stop();
      await server.close();
    },
  };
}

test('a waypoint is told a service together with its policies, and loses both together', async (t) => {
  const mesh = publish(gateway('one'), gateway('two'), cart(), policy);
  await mesh.start();
  t.same(mesh.seen(), {}, 'of a service without a waypoint nobody is told');
  await mesh.apply(cart('one'));
  await mesh.apply(cart('two'));
  await mesh.apply(cart());
  t.same(
    mesh.batches.filter((batch) => Object.keys(batch).length > 0),
    [{ 'waypoint:shop/one': [POLICY, BOUND] }, { 'waypoint:shop/two': [POLICY, BOUND] }],
  );
  t.same(mesh.seen(), {});
  await mesh.close();
});

test('a route concerns the waypoint of the service that is its parent, not those of its backends', async (t) => {
  const other = {
    ...cart('two'),
    metadata: { namespace: 'shop', name: 'other', labels: { 'istio.io/use-waypoint': 'two' } },
  };
  const route = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { namespace: 'shop', name: 'split' },
    spec: {
      parentRefs: [{ group: '', kind: 'Service', name: 'cart' }],
      rules: [{ backendRefs: [{ name: 'other', port: 80 }] }],
    },
  };
  const traffic = {
    apiVersion: 'nodemesh.io/v1alpha1',
    kind: 'TrafficPolicy',
    metadata: { namespace: 'shop', name: 'slow' },
    spec: {
      targetRefs: [{ group: '', kind: 'Service', name: 'other' }],
      timeouts: { connect: '5s' },
    },
  };
  const mesh = publish(gateway('one'), gateway('two'), cart('one'), other, route, traffic);
  await mesh.start();
  t.same(mesh.seen(), {
    'waypoint:shop/one': ['HTTPRoute/shop/split', BOUND, 'TrafficPolicy/shop/slow'],
    'waypoint:shop/two': ['Service/shop/other.shop.svc.domain.suffix', 'TrafficPolicy/shop/slow'],
  });
  await mesh.close();
});

test('a waypoint is told of no filter that only the route of a consumer has to do with', async (t) => {
  const route = (namespace: string) => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { namespace, name: 'r' },
    spec: {
      parentRefs: [{ group: '', kind: 'Service', name: 'cart', namespace: 'shop' }],
      rules: [
        {
          filters: [
            { type: 'ExtensionRef', extensionRef: { group: 'nodemesh.io', kind: 'Filter', name: 'named' } },
          ],
        },
      ],
    },
  });
  const filter = (namespace: string, name: string, targetRefs?: readonly object[]) => ({
    apiVersion: 'nodemesh.io/v1alpha1',
    kind: 'Filter',
    metadata: { namespace, name },
    spec: {
      source: { inline: 'export const onRequest = () => undefined;' },
      ...(targetRefs && { targetRefs }),
    },
  });
  const toRoute = [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'r' }];
  const of = (namespace: string) => [
    route(namespace),
    filter(namespace, 'named'),
    filter(namespace, 'attached', toRoute),
  ];
  const mesh = publish(gateway('one'), cart('one'), ...of('shop'), ...of('elsewhere'));
  await mesh.start();
  t.same(mesh.seen(), {
    'waypoint:shop/one': [
      'Filter/shop/attached',
      'Filter/shop/named',
      'HTTPRoute/elsewhere/r',
      'HTTPRoute/shop/r',
      BOUND,
    ],
  });
  await mesh.close();
});

test('what stands in for an object that is not understood goes with the next version of it, and with the object', async (t) => {
  const authentication = (jwks: string): object => ({
    apiVersion: 'security.istio.io/v1',
    kind: 'RequestAuthentication',
    metadata: { namespace: 'shop', name: 'tokens' },
    spec: {
      targetRefs: [{ group: '', kind: 'Service', name: 'cart' }],
      jwtRules: [{ issuer: 'https://issuer.example', jwks }],
    },
  });
  const broken = authentication('{not json');
  const mesh = publish(gateway('one'), cart('one'), broken);
  await mesh.start();
  const name = 'RequestAuthentication/shop/tokens';
  t.same(mesh.seen(), { 'waypoint:shop/one': [name, BOUND] });
  await mesh.apply(authentication('{"keys":[]}'));
  t.same(mesh.seen(), { 'waypoint:shop/one': [name, BOUND] }, 'one resource, not two');
  await mesh.apply(broken);
  await mesh.remove(broken);
  t.same(mesh.seen(), { 'waypoint:shop/one': [BOUND] });
  await mesh.close();
});
