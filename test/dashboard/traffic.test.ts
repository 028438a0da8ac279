import { test } from 'tap';
import { graphOf } from '../../src/dashboard/graph/graph.ts';
import { shapeGraph } from '../../src/dashboard/graph/shape-graph.ts';
import { searchRows, sortRows } from '../../src/dashboard/parts/sort-rows.ts';
import { certificateHealth, lifeUsed } from '../../src/dashboard/traffic/certificate-health.ts';
import { healthOf, worse } from '../../src/dashboard/traffic/health.ts';
import { mergeRates } from '../../src/dashboard/traffic/merge-rates.ts';
import { groupRefusals, mergeRefusals } from '../../src/dashboard/traffic/refusal-groups.ts';
import { spanRole } from '../../src/dashboard/traffic/span-role.ts';
import { summarize } from '../../src/dashboard/traffic/summarize.ts';
import { traceRows } from '../../src/dashboard/traffic/trace-rows.ts';
import { ratesOf } from '../support/dashboard-api/rates.ts';
import { refusal, shopMesh } from '../support/dashboard-api/shop-mesh.ts';

test('health follows success, and is idle where nothing passed', async (t) => {
  t.equal(healthOf(ratesOf()), 'idle');
  t.equal(healthOf(ratesOf({ requests: 1_000, failed: 0.5 })), 'good');
  t.equal(healthOf(ratesOf({ requests: 100, failed: 2 })), 'warn');
  t.equal(healthOf(ratesOf({ requests: 100, refused: 10 })), 'bad');
  t.equal(healthOf(ratesOf({ refused: 1 })), 'bad', 'also when nothing but refusals is there');
  t.equal(worse('good', 'warn'), 'warn');
});

test('connections that only stay open are no silence', async (t) => {
  const shop = shopMesh(0, 'node')['/api/v1/topology'];
  const said = (rates: object): string => {
    const edges = shop.edges.map((edge) => ({
      ...edge,
      rates: { ...ratesOf(), sentBytes: 0, receivedBytes: 0, ...rates },
    }));
    const graph = graphOf({ ...shop, edges: edges.slice(0, 1) });
    return summarize(graph, graph).sentence;
  };
  t.equal(said({}), 'No traffic in this window.');
  t.equal(said({ sentBytes: 1_000 }), 'Nothing new in this window; what is open carries 1 kB/s.');
});

test('rates together weigh success by volume and keep the worst p99', async (t) => {
  const merged = mergeRates([
    ratesOf({ requests: 90, p50Ms: 10, p99Ms: 20 }),
    ratesOf({ requests: 10, failed: 10, p50Ms: 20, p99Ms: 400 }),
  ]);
  t.equal(merged.requests, 100);
  t.equal(merged.success, 0.9);
  t.equal(merged.p50Ms, 11);
  t.equal(merged.p99Ms, 400);
  t.equal(mergeRates([]).p99Ms, undefined);
  t.equal(mergeRates([ratesOf()]).success, 1);
});

test('the summary names the worst edge and how many more fail', async (t) => {
  const topology = shopMesh(0, 'node')['/api/v1/topology'];
  const shape = { namespace: '', search: '', servicesApart: false, most: 60 };
  const summary = summarize(graphOf(topology), shapeGraph(topology, shape));
  t.match(summary.sentence, /^9\d.* gets through\. Refused most: shopper → cart; 2 more edges fail\.$/);
  t.ok(summary.rates.requests < 100, 'a call by way of a service counts once');
  const nothing = graphOf({ nodes: [], edges: [] });
  t.match(summarize(nothing, nothing), {
    sentence: 'No traffic in this window.',
    isIdle: true,
    health: 'idle',
  });
});

test('refusals of the same ends and rule are one group, the most frequent first', async (t) => {
  const groups = groupRefusals([
    refusal({ id: '3', atMs: 30, policy: 'shop/other' }),
    refusal({ id: '2', atMs: 20 }),
    refusal({ id: '1', atMs: 10 }),
  ]);
  t.same(
    groups.map(({ count, last }) => [count, last.id]),
    [
      [2, '2'],
      [1, '3'],
    ],
  );
});

test('refusals that come twice are kept once, the newest first, and no more than asked for', async (t) => {
  const [one, two, three] = [1, 2, 3].map((index) => refusal({ id: `${index}`, atMs: index }));
  if (one === undefined || two === undefined || three === undefined) throw new Error('expected three');
  t.same(
    mergeRefusals([two, one], [three, two], 2).map(({ id }) => id),
    ['3', '2'],
  );
});

test('spans stand below their parents in order of time, and orphans are not lost', async (t) => {
  const { spans } = shopMesh(0, 'node')['/api/v1/trace'];
  const rows = traceRows([...spans].reverse());
  t.same(
    rows.map((row) => row.depth),
    [0, 1, 2, 2, 3],
  );
  t.ok(rows.every((row) => row.from >= 0 && row.from + row.share <= 1.000_001));
  const [first] = spans;
  if (first === undefined) throw new Error('expected spans');
  t.equal(traceRows([{ ...first, parentId: first.spanId }]).length, 1, 'a span that is its own parent');
});

test('rows sort by numbers and by natural order, with what is unknown last', async (t) => {
  const rows = ['node-10', 'node-2', undefined];
  const same = (row: string | undefined): string | undefined => row;
  t.same(sortRows(rows, same, 'ascending'), ['node-2', 'node-10', undefined]);
  t.same(sortRows(rows, same, 'descending'), ['node-10', 'node-2', undefined]);
  t.same(
    searchRows(['shop/cart', 'shop/payments'], 'SHOP cart', (row) => row),
    ['shop/cart'],
  );
});

test('a certificate past three quarters of its life warns, a root thirty days before its end', async (t) => {
  const DAY = 86_400_000;
  const leaf = { kind: 'workload', notBeforeMs: 1, notAfterMs: DAY, rotations: [] } as const;
  t.same(
    [0.5, 0.8, 0.95, 1].map((share) => certificateHealth(leaf, share * DAY)),
    ['good', 'warn', 'bad', 'bad'],
  );
  const root = { ...leaf, kind: 'root', notAfterMs: 3_650 * DAY } as const;
  t.same(
    [0, 3_630, 3_645].map((day) => certificateHealth(root, day * DAY)),
    ['good', 'warn', 'bad'],
  );
  const failed = { atMs: 0, serial: '', outcome: 'failed', error: 'no answer' } as const;
  t.equal(certificateHealth({ ...leaf, rotations: [failed] }, 0.4 * DAY), 'warn');
  t.equal(lifeUsed({ notBeforeMs: 5, notAfterMs: 5 }, 0), 1);
  t.equal(lifeUsed({ notBeforeMs: 0, notAfterMs: DAY }, DAY / 2), undefined, 'a beginning that is not known');
});

test('of a trace it is said what is the request, which try is which, and whose side a connection is seen from', async (t) => {
  const { spans } = shopMesh(0, 'mesh')['/api/v1/trace'];
  t.same(spans.map(spanRole), [
    'connection, as its client’s node sees it',
    'request, answered with 200',
    'try 1 at cart-2, answered with 503',
    'try 2 at cart-1, answered with 200',
    'connection, as its server’s node sees it',
  ]);
});
