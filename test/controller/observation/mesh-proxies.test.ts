import { test } from 'tap';
import { meshProxies } from '../../../src/controller/observation/facts/mesh-proxies.ts';
import type { ProxyDiscovery } from '../../../src/model/index.ts';
import type { ReportedProxy } from '../../../src/controller/observation/index.ts';
import type { ConnectedProxy } from '../../../src/xds/index.ts';

const NOW = 1_000_000;
const TYPE: ConnectedProxy['types'][number] = {
  typeUrl: 'type.googleapis.com/istio.workload.Address',
  state: 'synced',
  behindSinceMs: undefined,
  wildcard: true,
  names: 0,
  sentNonce: '2',
  acknowledgedNonce: '2',
  sentVersion: '7',
  acknowledgedVersion: '7',
  lastAcknowledgedAtMs: NOW - 100,
  lastRejection: undefined,
};

function connected(over: Partial<ConnectedProxy['types'][number]> = {}): ConnectedProxy {
  return {
    id: 'nodemesh-system/ztunnel/z@node-1',
    audience: 'node-1',
    name: 'ztunnel/node-1',
    nodeId: '',
    version: '',
    connectedAtMs: 5,
    types: [{ ...TYPE, ...over }],
    pushTimesMs: [3, 1, 2],
  };
}

const reportedAt = (lastReportMs: number): ReadonlyMap<string, ReportedProxy> =>
  new Map([
    [
      'ztunnel/node-1',
      {
        version: '1',
        lastReportMs,
        clockAheadMs: -40,
        dashboardUrl: URL_OF_1,
        state: undefined,
        workloads: new Map(),
        told: undefined,
      },
    ],
  ]);
const nodeOfPod = (pod: string): string => (pod === 'shop/waypoint-1' ? 'node-2' : '');
const URL_OF_1 = 'http://127.0.0.1:4001/';

test('a proxy that has acknowledged everything is current', async (t) => {
  t.match(meshProxies([connected()], reportedAt(NOW), nodeOfPod, NOW), [
    {
      id: 'ztunnel/node-1',
      node: 'node-1',
      state: 'current',
      reason: '',
      pushP50Ms: 2,
      pushP99Ms: 3,
      connectedMs: 5,
      clockAheadMs: -40,
      dashboardUrl: URL_OF_1,
    },
  ]);
});

test('one that refuses what it was told says why', async (t) => {
  const lastRejection = { nonce: '3', version: '8', message: 'bad port', atMs: NOW };
  t.match(meshProxies([connected({ lastRejection })], new Map(), nodeOfPod, NOW), [
    {
      state: 'rejecting',
      reason: 'istio.workload.Address: bad port',
      types: [{ rejected: '8: bad port', sent: '7' }],
    },
  ]);
  const old = { ...lastRejection, atMs: NOW - 5_000 };
  t.match(meshProxies([connected({ lastRejection: old })], new Map(), nodeOfPod, NOW), [
    { state: 'current' },
  ]);
});

test('one that does not acknowledge, or does not report, is stale', async (t) => {
  t.match(meshProxies([connected({ behindSinceMs: NOW - 7_000 })], new Map(), nodeOfPod, NOW), [
    { state: 'stale', reason: 'istio.workload.Address not acknowledged for 7 s' },
  ]);
  t.match(meshProxies([connected({ behindSinceMs: NOW - 1_000 })], new Map(), nodeOfPod, NOW), [
    { state: 'current' },
  ]);
  t.match(meshProxies([connected()], reportedAt(NOW - 60_000), nodeOfPod, NOW), [
    { state: 'stale', reason: 'no report for 60 s' },
  ]);
});

test('one that has gone is told for as long as its reports are kept', async (t) => {
  t.match(meshProxies([], reportedAt(NOW - 9_000), nodeOfPod, NOW), [
    { id: 'ztunnel/node-1', state: 'gone', reason: 'not connected; it last reported 9 s ago' },
  ]);
});

test("a waypoint is on its pod's node, whether it has reported or not", async (t) => {
  const waypoint = { ...connected(), name: 'waypoint/shop/waypoint-1' };
  t.match(meshProxies([waypoint], new Map(), nodeOfPod, NOW), [{ kind: 'waypoint', node: 'node-2' }]);
});

test('one that has everything and whose clock is apart says by how much', async (t) => {
  const [[id, last] = ['', undefined]] = reportedAt(NOW);
  if (last === undefined) throw new Error('the fixture lacks a proxy');
  const reported = new Map([[id, { ...last, clockAheadMs: -3_420_000 }]]);
  t.match(meshProxies([connected()], reported, nodeOfPod, NOW), [
    { state: 'current', reason: "its clock is 57 min behind the controller's", clockAheadMs: -3_420_000 },
  ]);
});

/** As another controller said it `agoMs` ago, with its stream opened at `connectedMs`. */
function told(agoMs: number, over: Partial<ProxyDiscovery> = {}): ReadonlyMap<string, ReportedProxy> {
  const discovery: ProxyDiscovery = {
    ...{ atMs: NOW - agoMs, connectedMs: 9, version: '1', pushP50Ms: 1, pushP99Ms: 2 },
    types: [
      {
        ...{ typeUrl: TYPE.typeUrl, sent: '8', acknowledged: '8', acknowledgedMs: 1 },
        ...{ behindSinceMs: undefined, rejection: undefined },
      },
    ],
    ...over,
  };
  return new Map(
    [...reportedAt(NOW)].map(([id, last]) => [
      id,
      { ...last, told: { discovery, by: 'b', atMs: NOW - agoMs } },
    ]),
  );
}

test('one that is connected to another controller is shown as that controller said', async (t) => {
  t.match(meshProxies([], told(20_000), nodeOfPod, NOW), [
    { id: 'ztunnel/node-1', state: 'current', connectedMs: 9, pushP99Ms: 2, types: [{ sent: '8' }] },
  ]);
  const refusing = told(1_000, {
    types: [
      {
        ...{
          typeUrl: TYPE.typeUrl,
          sent: '8',
          acknowledged: '7',
          acknowledgedMs: 1,
          behindSinceMs: undefined,
        },
        rejection: { version: '8', message: 'bad port' },
      },
    ],
  });
  t.match(meshProxies([], refusing, nodeOfPod, NOW), [
    { state: 'rejecting', reason: 'istio.workload.Address: bad port', types: [{ rejected: '8: bad port' }] },
  ]);
});

test('what another controller said is judged by when it was so, and does not hold for long', async (t) => {
  const [type] = told(0).get('ztunnel/node-1')?.told?.discovery.types ?? [];
  if (type === undefined) throw new Error('the fixture lacks a type');
  const behindFor = (ms: number) => told(9_000, { types: [{ ...type, behindSinceMs: NOW - 9_000 - ms }] });
  t.match(meshProxies([], behindFor(100), nodeOfPod, NOW), [{ state: 'current' }]);
  t.match(meshProxies([], behindFor(7_000), nodeOfPod, NOW), [
    { state: 'stale', reason: 'istio.workload.Address not acknowledged for 7 s' },
  ]);
  t.match(meshProxies([], told(26_000), nodeOfPod, NOW), [{ state: 'gone', types: [] }]);
});

test('one that has moved between controllers is shown once, as the newest of its streams is', async (t) => {
  const own = (connectedAtMs: number) => [{ ...connected(), connectedAtMs }];
  const views = meshProxies(own(5), told(1_000), nodeOfPod, NOW);
  t.match(views, [{ connectedMs: 9, types: [{ sent: '8' }] }]);
  t.equal(views.length, 1);
  t.match(meshProxies(own(10), told(1_000), nodeOfPod, NOW), [{ connectedMs: 10, types: [{ sent: '7' }] }]);
});
