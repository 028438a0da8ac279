import { test } from 'tap';
import { edgeHealth, edgeText } from '../../../src/cli/observe/topology/edge-text.ts';
import { graphOf } from '../../../src/cli/observe/topology/graph.ts';
import { topologySvg } from '../../../src/cli/observe/topology/svg.ts';
import type { Rates, Topology } from '../../../src/model/index.ts';
import { nodemesh } from '../../lab/support/lab-fixture.ts';
import { ANSWERS, rates } from './support/answers.ts';
import { startApiServer } from './support/api-server.ts';

test('topology lists every node that talks with whom it talks to', async (t) => {
  const api = await startApiServer(t, ANSWERS);
  const { stdout } = await nodemesh(['topology', '--address', api.url]);
  t.equal(
    stdout,
    [
      '192.0.2.7  (outside)',
      '  └─▶ service shop/payments  plaintext  tcp   1 conn/s · 0% · 1 refused/s',
      '',
      'service shop/cart  (waypoint shop/waypoint)',
      '  └─▶ shop/cart  mTLS       http  12.3 req/s · 99.9% · p99 12.3ms',
      '',
      'shop/frontend',
      '  └─▶ service shop/cart  mTLS       http  12.3 req/s · 99.9% · p99 12.3ms',
      '',
      'quiet: shop/quiet',
      '',
    ].join('\n'),
  );
});

test('topology for Graphviz has a cluster for each namespace and quotes names', async (t) => {
  const api = await startApiServer(t, ANSWERS);
  const { stdout } = await nodemesh(['topology', '--address', api.url, '-o', 'dot']);
  t.match(stdout, /^digraph mesh \{\n/);
  t.match(stdout, /subgraph "cluster_shop" \{\n {4}label="shop";\n/);
  t.match(stdout, '"service/shop/cart" [label="cart\\nwaypoint shop/waypoint", shape=ellipse];');
  t.match(stdout, /"outside\/192\.0\.2\.7" -> "service\/shop\/payments" \[.*style=dashed/);
});

test('a namespace is shown with whom it talks to, and nothing else', async (t) => {
  const topology = ANSWERS['/api/v1/topology'] as Topology;
  t.same(graphOf(topology, 'elsewhere'), { seconds: 60, nodes: [], edges: [] });
  t.equal(graphOf(topology, 'shop').nodes.length, 6);
});

test('the picture has every node and edge, stands alone, and takes no markup from names', async (t) => {
  const api = await startApiServer(t, ANSWERS);
  const { stdout } = await nodemesh(['topology', '--address', api.url, '-o', 'svg']);
  t.match(stdout, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="\d+" height="\d+"/);
  t.equal(stdout.match(/class="node/g)?.length, 6);
  t.equal(stdout.match(/<path class="edge/g)?.length, 3);
  t.equal(stdout.match(/class="lock"/g)?.length, 2);
  t.notMatch(stdout, /href=|NaN|undefined/);
  const evil: Topology = {
    seconds: 60,
    nodes: ['a', 'b'].map((id) => ({
      id,
      kind: 'workload',
      namespace: '"><script>',
      name: '<b>&\u0007',
      inMesh: false,
      waypoint: '',
    })),
    edges: [{ from: 'a', to: 'b', protocol: 'tcp', mutualTls: false, rates: rates(), slow: false }],
  };
  const svg = topologySvg(graphOf(evil, undefined));
  t.notMatch(svg, /<script|<b>/);
  t.notOk(svg.includes('\u0007'));
  t.match(svg, '&lt;b&gt;&amp; ');
});

test('a picture of nothing is a picture', async (t) => {
  t.match(topologySvg({ seconds: 60, nodes: [], edges: [] }), /width="48" height="48"/);
});

test('what is written on an edge says what fails on it and that it is slow', async (t) => {
  const of = (own: Partial<Rates>, slow = false): string => {
    const edge = { from: 'a', to: 'b', protocol: 'tcp', mutualTls: true, rates: rates(own), slow } as const;
    return `${edgeHealth(edge)}: ${edgeText(edge)}`;
  };
  t.equal(of({ failed: 6.16, success: 0 }), 'bad: 0 conn/s · 0% · 6.16 failed/s');
  t.equal(of({ connects: 2, p99Ms: 2_000 }, true), 'poor: 2 conn/s · 100% · p99 2s · slow');
  t.equal(of({ connects: 2 }), 'good: 2 conn/s · 100%');
});
