import { test } from 'tap';
import { graphOf } from '../../src/dashboard/graph/graph.ts';
import { layoutGraph, pathThrough } from '../../src/dashboard/graph/layout.ts';
import { type Shape, shapeGraph } from '../../src/dashboard/graph/shape-graph.ts';
import { walkGraph } from '../../src/dashboard/graph/walk-graph.ts';
import { ratesOf } from '../support/dashboard-api/rates.ts';
import { largeMesh } from '../support/dashboard-api/large-mesh.ts';
import { shopMesh } from '../support/dashboard-api/shop-mesh.ts';

const shop = shopMesh(0, 'node')['/api/v1/topology'];
const large = largeMesh(0, 500)['/api/v1/topology'];
const ALL: Shape = { namespace: '', search: '', servicesApart: false, most: 60 };

test('a service and the one workload behind it are one box, with the waypoint of the service', async (t) => {
  const graph = shapeGraph(shop, ALL);
  t.same(graph.nodes.map((node) => node.name).sort(), [
    '203.0.113.7',
    'cart',
    'catalog',
    'frontend',
    'payments',
    'shopper',
  ]);
  const cart = graph.nodes.find((node) => node.name === 'cart');
  t.same([...(cart?.members ?? [])].sort(), ['service/shop/cart', 'workload/shop/cart']);
  t.equal(cart?.waypoint, 'shop/waypoint');
  t.equal(cart?.inside, undefined, 'the way from the service to its workload is not counted again');
});

test('services stand apart from their workloads when they should', async (t) => {
  const graph = shapeGraph(shop, { ...ALL, servicesApart: true });
  t.equal(graph.nodes.length, shop.nodes.length);
  t.equal(graph.edges.length, shop.edges.length);
});

test('a search shows what it finds and who talks to that', async (t) => {
  const graph = shapeGraph(shop, { ...ALL, search: 'paym' });
  t.same(graph.nodes.map((node) => node.name).sort(), ['cart', 'payments', 'shopper']);
  t.equal(shapeGraph(shop, { ...ALL, search: 'no such' }).nodes.length, 0);
});

test('too many boxes are put together by namespace, and nothing of the traffic is lost', async (t) => {
  const graph = shapeGraph(large, ALL);
  t.ok(graph.nodes.length <= 60);
  t.ok(graph.nodes.every((node) => node.kind === 'namespace'));
  t.equal(graph.nodes.flatMap((node) => node.members).length, large.nodes.length);
});

test('a namespace that is looked into keeps its boxes, and the rest becomes one when it is still too much', async (t) => {
  const inside = shapeGraph(large, { ...ALL, namespace: 'team-1' });
  t.ok(inside.nodes.some((node) => node.kind === 'workload' && node.namespace === 'team-1'));
  const few = shapeGraph(large, { ...ALL, most: 10 });
  t.equal(few.nodes.length, 10);
  t.ok(few.nodes.some((node) => node.kind === 'rest' && node.name === '11 more'));
});

test('what fails within a namespace shows on its box', async (t) => {
  const rates = ratesOf({ requests: 2, failed: 1 });
  const nodes = ['a', 'b', 'c'].map((name) => ({
    id: `workload/one/${name}`,
    kind: 'workload' as const,
    namespace: 'one',
    name,
    inMesh: true,
    waypoint: '',
  }));
  const edges = [
    {
      from: 'workload/one/a',
      to: 'workload/one/b',
      protocol: 'tcp' as const,
      mutualTls: true,
      rates,
      slow: false,
    },
  ];
  const [box] = shapeGraph({ nodes, edges }, { ...ALL, most: 2 }).nodes;
  t.equal(box?.inside?.success, 0.5);
});

test('edges of several protocols between the same two are one, and as safe as the least of them', async (t) => {
  const [edge] = shop.edges;
  if (edge === undefined) throw new Error('expected an edge');
  const graph = graphOf({ nodes: shop.nodes, edges: [edge, { ...edge, protocol: 'tcp', mutualTls: false }] });
  t.equal(graph.edges.length, 1);
  t.same(graph.edges[0]?.protocols, ['http', 'tcp']);
  t.equal(graph.edges[0]?.mutualTls, false);
  t.equal(graph.edges[0]?.rates.requests, edge.rates.requests * 2);
});

test('every box and edge has its place, and boxes do not cover one another', async (t) => {
  const graph = shapeGraph(shop, ALL);
  const layout = layoutGraph(graph, true, 2.4);
  const places = graph.nodes.map((node) => layout.nodes.get(node.id) ?? { x: 0, y: 0 });
  for (const [index, one] of places.entries())
    for (const other of places.slice(index + 1))
      t.ok(Math.abs(one.x - other.x) >= 172 || Math.abs(one.y - other.y) >= 46);
  t.ok(graph.edges.every((edge) => (layout.edges.get(edge.id)?.points.length ?? 0) >= 2));
  t.ok(layout.width > 300 && layout.height > 100);
});

test('an empty graph has a layout too', async (t) => {
  const layout = layoutGraph({ nodes: [], edges: [] }, true, 1);
  t.ok(Number.isFinite(layout.width) && Number.isFinite(layout.height));
});

test('a small graph turns to fit its frame', async (t) => {
  const graph = shapeGraph(shop, ALL);
  t.equal(layoutGraph(graph, true, 4).direction, 'right');
  t.equal(layoutGraph(graph, true, 0.5).direction, 'down');
  const many = shapeGraph(largeMesh(0, 40)['/api/v1/topology'], { ...ALL, most: 100 });
  t.equal(layoutGraph(many, false, 3).direction, 'right');
  t.equal(layoutGraph(many, false, 0.9).direction, 'down', 'a large one too');
});

test('arrow keys walk from caller to called and back, and between neighbours', async (t) => {
  const graph = shapeGraph(shop, ALL);
  for (const [aspect, along, back] of [
    [4, 'ArrowRight', 'ArrowLeft'],
    [0.5, 'ArrowDown', 'ArrowUp'],
  ] as const) {
    const layout = layoutGraph(graph, true, aspect);
    const called = walkGraph(graph, layout, 'workload/shop/cart', along);
    t.equal(called, 'workload/shop/payments');
    t.not(walkGraph(graph, layout, called, back), called);
    t.equal(walkGraph(graph, layout, called, along), called, 'payments calls nobody');
    t.equal(walkGraph(graph, layout, called, 'x'), called);
  }
  const layout = layoutGraph(graph, true, 4);
  const down = walkGraph(graph, layout, 'workload/shop/shopper', 'ArrowDown');
  const up = walkGraph(graph, layout, 'workload/shop/shopper', 'ArrowUp');
  t.ok(down !== 'workload/shop/shopper' || up !== 'workload/shop/shopper');
});

test('a path goes through the first and the last point', async (t) => {
  const path = pathThrough([
    { x: 0, y: 0 },
    { x: 10, y: 5 },
    { x: 20, y: 0 },
  ]);
  t.match(path, /^M0\.0,0\.0Q10\.0,5\.0 20\.0,0\.0$/);
  t.equal(pathThrough([]), '');
});
