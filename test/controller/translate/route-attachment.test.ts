import { test } from 'tap';
import { meshOf, serviceObject } from '../support/mesh-of.ts';
import {
  BASE,
  backend,
  CART,
  conditions,
  type Json,
  message,
  parent,
  route,
  routeOf,
} from '../support/route-fixtures.ts';

test('a parent is a Service with an address and the port that is named', async (t) => {
  const cases: readonly (readonly [Json, string, readonly (number | undefined)[]])[] = [
    [parent(), 'True Accepted', [undefined]],
    [{ ...parent(), group: 'core' }, 'True Accepted', [undefined]],
    [parent('cart', { port: 8080 }), 'True Accepted', [8080]],
    [parent('cart', { sectionName: 'port-8080' }), 'True Accepted', [8080]],
    [parent('cart', { sectionName: 'port-8080', port: 80 }), 'False NoMatchingParent', []],
    [parent('cart', { port: 81 }), 'False NoMatchingParent', []],
    [parent('dns', { port: 53 }), 'False NoMatchingParent', []],
    [parent('gone'), 'False NoMatchingParent', []],
    [parent('headless'), 'False UnsupportedValue', []],
    [parent('elsewhere'), 'False UnsupportedValue', []],
    [parent('vault', { namespace: 'bank' }), 'True Accepted', [undefined]],
  ];
  const services = [
    ...BASE,
    serviceObject('shop', 'dns', [{ port: 53, protocol: 'UDP' }]),
    { ...serviceObject('shop', 'headless'), spec: { clusterIP: 'None', ports: [{ port: 80 }] } },
    { ...serviceObject('shop', 'elsewhere'), spec: { type: 'ExternalName', externalName: 'example.com' } },
  ];
  for (const [reference, accepted, ports] of cases) {
    const mesh = meshOf([
      ...services,
      route('HTTPRoute', { parentRefs: [reference], rules: [{ backendRefs: [backend] }] }),
    ]);
    t.equal(conditions(mesh)[0], `Accepted ${accepted}`, JSON.stringify(reference));
    const parents = mesh.collections.routes.get('HTTPRoute/shop/r')?.parents ?? [];
    t.same(
      parents.map(({ port }) => port),
      ports,
      JSON.stringify(reference),
    );
  }
});

test('only the parents that accept it are listed, each with its own condition', async (t) => {
  const parentRefs = [
    parent('cart', { port: 81 }),
    parent('cart', { port: 80 }),
    parent('pay'),
    { name: 'ingress' },
  ];
  const mesh = meshOf([...BASE, route('HTTPRoute', { parentRefs })]);
  t.same(routeOf(mesh).parents, [
    { service: CART, port: 80 },
    { service: 'shop/pay.shop.svc.domain.suffix', port: undefined },
  ]);
  const status = mesh.collections.routeStatuses.get('HTTPRoute/shop/r');
  t.same(
    status?.parents.map(({ parentRef, controllerName, conditions: list }) => [
      parentRef.name,
      controllerName,
      list[0]?.status,
    ]),
    [
      ['cart', 'nodemesh.io/waypoint-controller', 'False'],
      ['cart', 'nodemesh.io/waypoint-controller', 'True'],
      ['pay', 'nodemesh.io/waypoint-controller', 'True'],
    ],
    'an ingress is none of our business',
  );
});

test('a waypoint takes no routes itself, and says so', async (t) => {
  const gateway = (name: string, gatewayClassName: string) => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name, namespace: 'shop' },
    spec: { gatewayClassName, listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }] },
  });
  const parentRefs = [{ name: 'ours' }, { name: 'istios' }, { name: 'theirs' }, { name: 'gone' }];
  const gateways = [
    gateway('ours', 'nodemesh-waypoint'),
    gateway('istios', 'istio-waypoint'),
    gateway('theirs', 'nginx'),
  ];
  const mesh = meshOf([...BASE, ...gateways, route('HTTPRoute', { parentRefs })]);
  t.equal(mesh.collections.routes.size, 0);
  const { parents = [] } = mesh.collections.routeStatuses.get('HTTPRoute/shop/r') ?? {};
  t.same(
    parents.map(({ controllerName, conditions: [accepted] }) => [controllerName, accepted?.reason]),
    [
      ['nodemesh.io/waypoint-controller', 'NotAllowedByListeners'],
      ['istio.io/mesh-controller', 'NotAllowedByListeners'],
    ],
  );
});

test('of HTTPRoutes and GRPCRoutes on one port the GRPCRoutes count', async (t) => {
  const rules = [{ backendRefs: [backend] }];
  const http = route('HTTPRoute', { rules });
  const grpc = (reference: Json, namespace = 'shop') =>
    route('GRPCRoute', { parentRefs: [reference], rules }, 'g', namespace);
  const mesh = meshOf([...BASE, http, grpc(parent())]);
  t.equal(conditions(mesh)[0], 'Accepted False Conflicted');
  t.equal(mesh.collections.routes.size, 1);
  mesh.apply(grpc(parent('cart', { port: 8080 })));
  t.equal(conditions(mesh)[0], 'Accepted True Accepted');
  t.match(message(mesh, 'Accepted'), /^Route was valid, but not on all ports: a GRPCRoute has port 8080/);
  t.same(routeOf(mesh).parents, [{ service: CART, port: 80 }]);
  mesh.apply(grpc(parent('cart', { sectionName: 'port-80' })));
  t.same(routeOf(mesh).parents, [{ service: CART, port: 8080 }]);
  mesh.apply(
    route(
      'GRPCRoute',
      { rules: [{ matches: [{ headers: [{ type: 'RegularExpression', name: 'x', value: '(' }] }] }] },
      'g',
    ),
  );
  t.same(
    routeOf(mesh).parents,
    [{ service: CART, port: undefined }],
    'one that is not accepted takes nothing',
  );
  mesh.remove(grpc(parent()));
  mesh.apply(grpc(parent('cart', { namespace: 'shop' }), 'bank'));
  t.same(routeOf(mesh).parents, [{ service: CART, port: undefined }], 'nor do those of other clients');
});

test('of several TCPRoutes on one port the oldest counts', async (t) => {
  const tcp = (name: string, day: number, reference: Json = parent()) =>
    route('TCPRoute', { parentRefs: [reference], rules: [{ backendRefs: [backend] }] }, name, 'shop', {
      creationTimestamp: `2030-01-0${day}T00:00:00Z`,
    });
  const mesh = meshOf([...BASE, tcp('b', 2), tcp('a', 3)]);
  t.equal(conditions(mesh, 'TCPRoute/shop/b')[0], 'Accepted True Accepted');
  t.equal(conditions(mesh, 'TCPRoute/shop/a')[0], 'Accepted False Conflicted');
  mesh.apply(tcp('c', 1, parent('cart', { port: 80 })));
  t.same(routeOf(mesh, 'TCPRoute/shop/b').parents, [{ service: CART, port: 8080 }]);
  mesh.remove(tcp('c', 1), tcp('b', 2));
  t.same(routeOf(mesh, 'TCPRoute/shop/a').parents, [{ service: CART, port: undefined }]);
  mesh.apply(route('TLSRoute', { hostnames: ['a.b'], rules: [{ backendRefs: [backend] }] }));
  t.equal(conditions(mesh, 'TCPRoute/shop/a')[0], 'Accepted True Accepted', 'server names come before it');
});

test('a change goes to the routes that it concerns and to no others', async (t) => {
  const routes = Array.from({ length: 200 }, (_, index) =>
    route(
      'HTTPRoute',
      { parentRefs: [parent(`s${index}`)], rules: [{ backendRefs: [{ name: `s${index}`, port: 80 }] }] },
      `r${index}`,
    ),
  );
  const mesh = meshOf([
    ...Array.from({ length: 200 }, (_, index) => serviceObject('shop', `s${index}`)),
    ...routes,
  ]);
  t.equal(mesh.collections.routes.size, 200);
  const changed: string[] = [];
  mesh.collections.routes.changes.subscribe((keys) => changed.push(...keys));
  mesh.collections.routeStatuses.changes.subscribe((keys) =>
    changed.push(...[...keys].map((key) => `status ${key}`)),
  );
  mesh.apply(serviceObject('shop', 's7', [80, 81]));
  t.same(changed, [], 'another port of a service is nothing to a route for all of them');
  mesh.remove(serviceObject('shop', 's7'));
  t.same(changed, ['HTTPRoute/shop/r7', 'status HTTPRoute/shop/r7']);
});
