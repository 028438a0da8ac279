import { test } from 'tap';
import { createMeshView, gatewayKey, serviceKey } from '../../../src/model/index.ts';
import { dumpEndpoints } from '../../../src/waypoint/admin/dump-endpoints.ts';
import { createResourceStore } from '../../../src/waypoint/resources/resource-store.ts';
import { NO_UPSTREAM_EVENTS } from '../../../src/waypoint/upstream/upstream-events.ts';
import { createUpstreams } from '../../../src/waypoint/upstream/upstreams.ts';
import { systemClock } from '../../../src/base/index.ts';
import { ip, keyOf, makeService, makeWorkload, serving, vip } from '../../model/mesh-fixtures.ts';
import { backend, makeRoute, makeRule } from '../routing/route-fixtures.ts';

const GATEWAY = gatewayKey('shop', 'waypoint');
const HOSTNAME = 'waypoint.shop.svc.cluster.local';

test('endpoints of bound services and of what routes name are shown before they are used', async (t) => {
  const bound = { kind: 'hostname', namespace: 'shop', hostname: HOSTNAME } as const;
  const cart = makeService({
    name: 'cart',
    addresses: [vip('10.96.0.1')],
    waypoint: { ...bound, hboneMtlsPort: 15_008 },
  });
  const named = makeService({ name: 'reviews', namespace: 'web' });
  const foreign = makeService({ name: 'foreign', namespace: 'web' });
  const view = createMeshView();
  view.apply({
    upsertServices: [cart, named, foreign],
    upsertWorkloads: [
      serving(
        makeWorkload({ name: 'cart-1', addresses: [ip('10.0.0.1')], tunnelProtocol: 'hbone' }),
        cart,
        foreign,
      ),
    ],
  });
  const resources = createResourceStore(GATEWAY);
  const target = { kind: 'service', service: keyOf(named), port: 80 } as const;
  const route = makeRoute({ service: cart, rules: [makeRule({ backends: [backend('', 1, { target })] })] });
  resources.apply({ upserts: [{ name: route.key, resource: { kind: 'route', route } }], removed: [] });
  const upstreams = createUpstreams({
    view,
    network: '',
    self: () => undefined,
    dial: () => Promise.reject(new Error('nobody is dialled')),
    connectHttp: () => {
      throw new Error('nobody is connected');
    },
    clock: systemClock,
    random: Math.random,
    events: NO_UPSTREAM_EVENTS,
    maximumIdleConnections: 1,
  });
  const self = {
    gateway: GATEWAY,
    namespace: 'shop',
    hostname: HOSTNAME,
    network: '',
    isTold: () => true,
  };
  const dump = (): unknown => dumpEndpoints({ view, resources, upstreams, self });
  const unused = [
    {
      backend: 'shop/cart:80',
      namespace: 'shop',
      inUse: false,
      emptyBecause: undefined,
      endpoints: [
        {
          name: 'cart-1',
          address: '10.0.0.1',
          port: 8080,
          protocol: 'HBONE',
          health: 'healthy',
          requests: 0,
        },
      ],
    },
    { backend: 'web/reviews:80', namespace: 'web', inUse: false, emptyBecause: 'NO_ENDPOINT', endpoints: [] },
  ];
  t.match(dump(), unused);
  t.match(dump(), { length: 2 });
  t.same(upstreams.dump(), [], 'and are not in use for having been looked at');

  upstreams.backend({ kind: 'service', service: serviceKey('web', named.hostname), port: 80 });
  t.match(dump(), [unused[0], { backend: 'web/reviews:80', inUse: true, emptyBecause: 'NO_ENDPOINT' }]);
  await upstreams.close();
});
