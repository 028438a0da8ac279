import { test } from 'tap';
import { MeshError } from '../../src/base/index.ts';
import { workloadIdentity } from '../../src/model/index.ts';
import {
  beginRecord,
  type ConnectionDetails,
  createObservingJournal,
  failuresJournal,
  ProxyError,
} from '../../src/proxy/index.ts';
import type { CountsOfOne, Observer } from '../../src/telemetry/index.ts';
import { TunnelError } from '../../src/tunnel-protocol/index.ts';
import { ip, makeService, makeWorkload } from '../model/mesh-fixtures.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const CART = workloadIdentity({ trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'cart' });
const DETAILS: ConnectionDetails = {
  direction: 'outbound',
  protocol: 'HBONE',
  source: { address: ip('10.1.0.1'), port: 40_000 },
  sourceWorkload: makeWorkload({ name: 'cart-1', workloadName: 'cart' }),
  sourceIdentity: CART,
  dialled: '10.96.0.1:80',
  destination: { address: ip('10.1.0.2'), port: 8080 },
  destinationWorkload: makeWorkload({ name: 'payments-1', workloadName: 'payments' }),
  service: makeService({ name: 'payments' }),
};

test('a connection is counted at its beginning with how long that took, while it lives, and at its end', async (t) => {
  const { begin, clock, seen, journal } = world();
  const record = begin(DETAILS);
  await clock.advance(3);
  let bytes = { bytesSent: 0, bytesReceived: 0 };
  record.opened(() => bytes);
  t.same(seen.counts, [{ opened: 1, tookMs: 3 }]);
  bytes = { bytesSent: 700, bytesReceived: 30 };
  await clock.advance(5_000);
  t.same(seen.counts.at(-1), { sentBytes: 700, receivedBytes: 30 });
  await clock.advance(5_000);
  t.equal(seen.counts.length, 2, 'what has not moved is not counted');
  record.ended({ bytesSent: 750, bytesReceived: 30, error: undefined });
  t.same(seen.counts.at(-1), { closed: 1, sentBytes: 50, receivedBytes: 0 });
  t.same(seen.work, { connects: 1, bytes: 780 });
  t.equal(new Set(seen.edges).size, 1, 'all under one edge, which is one object');
  t.same(seen.edges[0], {
    reporter: 'source',
    source: { namespace: 'shop', workload: 'cart', identity: CART.id },
    destination: { namespace: 'shop', workload: 'payments', identity: '' },
    service: { namespace: 'shop', name: 'payments', port: 80 },
    protocol: 'tcp',
    mutualTls: true,
    waypoint: '',
  });
  t.same(seen.refusals, []);
  t.match(seen.flows, [
    { verdict: 'allowed', sourceAddress: '10.1.0.1', destinationAddress: '10.1.0.2', destinationPort: 8080 },
  ]);
  await clock.advance(5_000);
  t.equal(clock.pending, 0, 'nothing is timed when nothing lives');
  journal.close();
});

const ENDINGS: readonly {
  readonly what: string;
  readonly error: MeshError;
  readonly expected: Readonly<Record<string, unknown>>;
}[] = [
  {
    what: 'a denial by a rule names policy and rule, counted from 1',
    error: denied({ policy: 'shop/deny-cart', rule: 1 }),
    expected: { kind: 'refused', reason: 'ERR_TEST_DENIED', policy: 'shop/deny-cart', rule: 2 },
  },
  {
    what: 'a denial because the only ALLOW policy did not match names that policy, and no rule',
    error: denied({ unmatched: ['shop/allow-web'] }),
    expected: { kind: 'refused', policy: 'shop/allow-web', rule: 0 },
  },
  {
    what: 'a denial because none of several ALLOW policies matched names none',
    error: denied({ unmatched: ['shop/one', 'shop/two'] }),
    expected: { kind: 'refused', policy: '', rule: 0 },
  },
  {
    what: 'a verdict of the other end is a refusal',
    error: new TunnelError({ code: 'ERR_TUNNEL_STATUS', blame: 'upstream', message: 'got 401', status: 401 }),
    expected: { kind: 'refused', reason: 'ERR_TUNNEL_STATUS' },
  },
  {
    what: 'a verdict of the other end that says why is told as that end tells it, under the same name',
    error: new TunnelError({
      code: 'ERR_TUNNEL_STATUS',
      blame: 'upstream',
      message: 'got 401',
      status: 401,
      refusal: {
        proxy: 'ztunnel/node-1',
        id: 'ztunnel/node-1/x/t1',
        why: {
          kind: 'refused',
          reason: 'ERR_ZTUNNEL_DENIED',
          policy: 'shop/deny',
          rule: 2,
          message: 'explicitly denied',
          hint: 'do not',
        },
      },
    }),
    expected: {
      id: 'ztunnel/node-1/x/t1',
      proxy: 'ztunnel/node-1',
      kind: 'refused',
      reason: 'ERR_ZTUNNEL_DENIED',
      policy: 'shop/deny',
      rule: 2,
      message: 'explicitly denied',
      hint: 'do not',
    },
  },
  {
    what: 'an endpoint that cannot take the connection is a fault',
    error: new TunnelError({ code: 'ERR_TUNNEL_STATUS', blame: 'upstream', message: 'got 503', status: 503 }),
    expected: { kind: 'failed' },
  },
  {
    what: 'a reason says more than the code, and the outermost hint is given',
    error: new ProxyError({
      code: 'ERR_TEST_NO_UPSTREAM',
      blame: 'upstream',
      message: 'nothing there',
      reason: 'NO_ENDPOINT',
      hint: 'look at the pods',
      cause: new MeshError({ code: 'ERR_INNER', blame: 'upstream', message: 'inner', hint: 'do not look' }),
    }),
    expected: {
      kind: 'failed',
      reason: 'NO_ENDPOINT',
      message: 'nothing there: inner',
      hint: 'look at the pods',
    },
  },
];

for (const { what, error, expected } of ENDINGS) {
  test(what, async (t) => {
    const { begin, seen } = world();
    const record = begin(DETAILS);
    record.ended({ bytesSent: 0, bytesReceived: 0, error });
    record.ended({ bytesSent: 0, bytesReceived: 0, error });
    t.equal(seen.refusals.length, 1, 'exactly one');
    t.match(seen.refusals[0], { dialled: '10.96.0.1:80', request: undefined, ...expected });
    t.match(seen.counts, [{ [String(seen.refusals[0]?.kind)]: 1 }]);
    t.match(seen.flows, [{ verdict: seen.refusals[0]?.kind }]);
  });
}

test('a connection that a later policy cuts is closed and refused; one that breaks is closed and failed', async (t) => {
  const { begin, seen } = world();
  const cut = begin(DETAILS);
  cut.opened(() => ({ bytesSent: 0, bytesReceived: 0 }));
  cut.ended({
    bytesSent: 0,
    bytesReceived: 0,
    error: denied({ policy: 'shop/new', rule: 0 }, 'ERR_TEST_LATER'),
  });
  t.match(seen.counts.at(-1), { closed: 1, refused: 1 });
  t.match(seen.refusals, [{ policy: 'shop/new', rule: 1 }]);
  const broken = begin(DETAILS);
  broken.opened(() => ({ bytesSent: 0, bytesReceived: 0 }));
  const error = new MeshError({ code: 'ERR_TEST_RESET', blame: 'upstream', message: 'reset' });
  broken.ended({ bytesSent: 0, bytesReceived: 0, error });
  t.match(seen.counts.at(-1), { closed: 1, failed: 1 });
  t.equal(seen.refusals.length, 1, 'what had been let through was not refused');
});

test('views are made for followers alone', async (t) => {
  const { begin, seen, clock } = world();
  const unseen = begin(DETAILS);
  unseen.opened(() => ({ bytesSent: 0, bytesReceived: 0 }));
  unseen.ended({ bytesSent: 0, bytesReceived: 0, error: undefined });
  t.same(seen.views, []);
  seen.isFollowed = true;
  const record = begin({ ...DETAILS, waypoint: 'shop/waypoint' });
  await clock.advance(2);
  record.opened(() => ({ bytesSent: 5, bytesReceived: 6 }));
  record.ended({ bytesSent: 5, bytesReceived: 6, error: undefined });
  t.match(seen.views, [
    { pod: 'shop/cart-1', direction: 'outbound', waypoint: 'shop/waypoint', sentBytes: 5, receivedBytes: 6 },
    { closedMs: clock.now(), error: '' },
  ]);
});

test('a client outside of the mesh is named by its address', async (t) => {
  const { begin, seen } = world();
  const record = begin({
    ...DETAILS,
    direction: 'inbound',
    protocol: 'TCP',
    sourceWorkload: undefined,
    sourceIdentity: undefined,
  });
  record.opened(() => ({ bytesSent: 0, bytesReceived: 0 }));
  t.match(seen.edges[0], {
    reporter: 'destination',
    source: { namespace: '', workload: '10.1.0.1', identity: '' },
    service: { port: 80 },
    mutualTls: false,
  });
});

function denied(
  by: { readonly policy?: string; readonly rule?: number; readonly unmatched?: readonly string[] },
  code = 'ERR_TEST_DENIED',
): ProxyError {
  return new ProxyError({ code, blame: 'downstream', message: 'denied', ...by });
}

/** A journal whose observer keeps what it is told. */
test('where failures alone are told, a connection leaves no trace until it is refused, early or late', async (t) => {
  const { seen, journal, clock } = world();
  const quiet = failuresJournal(journal, new Set(['ERR_TEST_LATER']));
  const begin = () => beginRecord(quiet, clock.monotonic, DETAILS);
  const nothing = { bytesSent: 0, bytesReceived: 0 };
  const error = (code: string) => new MeshError({ code, blame: 'downstream', message: 'no' });
  for (const end of [undefined, error('ERR_TEST_BROKEN')]) {
    const record = begin();
    record.opened(() => nothing);
    record.ended({ ...nothing, error: end });
  }
  t.same([seen.counts, seen.flows, seen.refusals], [[], [], []], 'it went well, or broke later');
  begin().ended({ ...nothing, error: error('ERR_TEST_DENIED') });
  const later = begin();
  later.opened(() => nothing);
  later.ended({ ...nothing, error: error('ERR_TEST_LATER') });
  t.match(seen.refusals, [{ reason: 'ERR_TEST_DENIED' }, { reason: 'ERR_TEST_LATER' }]);
  t.same(seen.counts, [{ refused: 1 }, { refused: 1 }]);
  t.equal(clock.pending, 0, 'nothing is timed');
});

function world() {
  const clock = createFakeClock();
  const seen = {
    counts: [] as CountsOfOne[],
    edges: [] as Parameters<Observer['count']>[0][],
    refusals: [] as Parameters<Observer['refused']>[0][],
    flows: [] as Parameters<Observer['flow']>[0][],
    views: [] as object[],
    work: { connects: 0, bytes: 0 },
    isFollowed: false,
  };
  const observer: Observer = {
    count(edge, counts) {
      seen.edges.push(edge);
      seen.counts.push(counts);
    },
    refused: (refusal) => void seen.refusals.push(refusal),
    flow: (flow) => void seen.flows.push(flow),
    span: () => undefined,
    get isFollowed() {
      return seen.isFollowed;
    },
    connectionOpened: (view) => void seen.views.push(view),
    connectionClosed: (_view, end) => void seen.views.push(end),
    requestEnded: () => undefined,
  };
  const journal = createObservingJournal({
    observer,
    clock,
    verdicts: new Set(['ERR_TEST_DENIED', 'ERR_TEST_LATER']),
    lateRefusals: new Set(['ERR_TEST_LATER']),
    onWork(_details, { connects = 0, bytes = 0 }) {
      seen.work.connects += connects;
      seen.work.bytes += bytes;
    },
  });
  return {
    clock,
    journal,
    seen,
    begin: (details: ConnectionDetails) => beginRecord(journal, clock.monotonic, details),
  };
}
