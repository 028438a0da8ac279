import { test } from 'tap';
import { MeshError } from '../../src/base/index.ts';
import { createMeshView, resolveUpstream, type Workload } from '../../src/model/index.ts';
import { beginRecord } from '../../src/proxy/index.ts';
import { createFairShare } from '../../src/ztunnel/connections/fair-share.ts';
import { createConnectionTracker } from '../../src/ztunnel/connections/tracker.ts';
import { ZtunnelError } from '../../src/ztunnel/errors.ts';
import { carryOutbound } from '../../src/ztunnel/outbound/carry-outbound.ts';
import type { CapturedConnection, OutboundPorts } from '../../src/ztunnel/outbound/ports.ts';
import { ip, makeService, makeWorkload, serving, vip } from '../model/mesh-fixtures.ts';
import { fakeSplice, fakeStream } from './support/fake-stream.ts';
import { createRecorder } from './support/recorder.ts';

const service = makeService({ name: 'web', addresses: [vip('10.96.0.10')] });
const source = makeWorkload({ name: 'client', addresses: [ip('10.0.0.1')] });
const endpoint = (name: string, address: string): Workload =>
  serving(makeWorkload({ name, addresses: [ip(address)], tunnelProtocol: 'hbone' }), service);

function world(over: Partial<OutboundPorts> = {}) {
  const view = createMeshView();
  view.apply({
    upsertServices: [service],
    upsertWorkloads: [source, endpoint('a', '10.0.1.1'), endpoint('b', '10.0.1.2')],
  });
  const journal = createRecorder();
  const dialled: string[] = [];
  const tracker = createConnectionTracker();
  const ports: OutboundPorts = {
    pod: source.uid,
    sourceWorkload: () => source,
    resolve: (question) => resolveUpstream({ view, network: '', random: () => 0, ...question }),
    async dial(upstream) {
      dialled.push(upstream.authority ?? `${upstream.address}:${upstream.port}`);
      return { stream: fakeStream(), identity: undefined };
    },
    beginRecord: (connection) =>
      beginRecord(journal, () => 0, { direction: 'outbound', protocol: 'TCP', source: connection.remote }),
    tracker,
    share: createFairShare(100).pod('client'),
    splice: fakeSplice(),
    tries: 3,
    ...over,
  };
  return { ports, journal, dialled, tracker };
}

function captured(address: string, port: number) {
  const stream = fakeStream();
  const connection: CapturedConnection = {
    stream,
    remote: { address: ip('10.0.0.1'), port: 40_000 },
    local: { address: ip('10.0.0.1'), port: 15_001 },
    originalDestination: { address: ip(address), port },
  };
  return { stream, connection };
}

const failure = (retryable: boolean, code = 'ERR_TUNNEL_CONNECT'): MeshError =>
  new MeshError({ code, blame: 'upstream', message: `${code} happened`, retryable });

test('a service is reached through a tunnel, and recorded once opened and once closed', async (t) => {
  const { ports, journal, dialled, tracker } = world();
  await carryOutbound(captured('10.96.0.10', 80).connection, ports);
  t.same(dialled, ['10.0.1.1:8080']);
  t.same(
    journal.entries.map(({ event }) => event),
    ['opened', 'closed'],
  );
  t.match(journal.entries[1], {
    details: { protocol: 'HBONE', dialled: '10.96.0.10:80', service: { name: 'web' } },
    end: { bytesReceived: 3, bytesSent: 7, error: undefined },
  });
  t.equal(tracker.size, 0);
});

test('an endpoint that cannot be reached is replaced by another before the client notices', async (t) => {
  const dialled: string[] = [];
  const { ports, journal } = world({
    async dial(upstream) {
      dialled.push(upstream.address);
      if (dialled.length === 1) throw failure(true);
      return { stream: fakeStream(), identity: undefined };
    },
  });
  const { stream, connection } = captured('10.96.0.10', 80);
  await carryOutbound(connection, ports);
  t.same(dialled, ['10.0.1.1', '10.0.1.2']);
  t.same(stream.resets, []);
  t.equal(journal.entries.at(-1)?.event, 'closed');
});

test('an endpoint that is slow gets more time where there is no other, and only there', async (t) => {
  const slow = (): MeshError => failure(true, 'ERR_TUNNEL_CONNECT_TIMEOUT');
  const patience = async (address: string, port: number, failures: readonly (MeshError | undefined)[]) => {
    const seen: (readonly [string, boolean])[] = [];
    const { ports, journal } = world({
      async dial(upstream, { isPatient }) {
        const failed = failures[seen.push([upstream.address, isPatient]) - 1];
        if (failed !== undefined) throw failed;
        return { stream: fakeStream(), identity: undefined };
      },
    });
    await carryOutbound(captured(address, port).connection, ports);
    return { seen, how: journal.entries.at(-1)?.event };
  };
  t.same(
    await patience('10.0.1.1', 8080, []),
    { seen: [['10.0.1.1', true]], how: 'closed' },
    'a pod that is dialled by its own address',
  );
  t.same(
    await patience('10.96.0.10', 80, [slow()]),
    {
      seen: [
        ['10.0.1.1', false],
        ['10.0.1.2', false],
      ],
      how: 'closed',
    },
    'of a service another is quicker',
  );
  t.same(
    await patience('10.96.0.10', 80, [slow(), failure(true)]),
    {
      seen: [
        ['10.0.1.1', false],
        ['10.0.1.2', false],
        ['10.0.1.1', true],
      ],
      how: 'closed',
    },
    'or is worse',
  );
  t.match(await patience('10.96.0.10', 80, [slow(), slow(), slow()]), { seen: { length: 3 }, how: 'failed' });
});

test('a verdict is never asked for twice', async (t) => {
  let dials = 0;
  const { ports, journal } = world({
    dial() {
      dials += 1;
      return Promise.reject(failure(false, 'ERR_TUNNEL_STATUS'));
    },
  });
  const { stream, connection } = captured('10.96.0.10', 80);
  await carryOutbound(connection, ports);
  t.equal(dials, 1);
  t.equal(stream.resets.length, 1, 'the application sees a reset');
  t.same(
    journal.entries.map(({ event }) => event),
    ['failed'],
  );
});

test('when every endpoint fails, the first failure is the one that is told', async (t) => {
  let dials = 0;
  const { ports, journal } = world({
    dial() {
      dials += 1;
      return Promise.reject(failure(true, dials === 1 ? 'ERR_FIRST' : 'ERR_LATER'));
    },
  });
  await carryOutbound(captured('10.96.0.10', 80).connection, ports);
  t.equal(dials, 2, 'there are two endpoints');
  t.equal(journal.entries[0]?.end?.error?.code, 'ERR_FIRST');
});

test('a stale session is opened anew to the same endpoint', async (t) => {
  const dialled: string[] = [];
  const { ports } = world({
    async dial(upstream) {
      dialled.push(upstream.address);
      if (dialled.length === 1) throw failure(true, 'ERR_TUNNEL_STREAM_REFUSED');
      return { stream: fakeStream(), identity: undefined };
    },
  });
  await carryOutbound(captured('10.0.1.2', 8080).connection, ports);
  t.same(dialled, ['10.0.1.2', '10.0.1.2']);
});

const refusals: readonly [name: string, address: string, port: number, code: string][] = [
  ['an unknown port of a service', '10.96.0.10', 81, 'ERR_ZTUNNEL_NO_UPSTREAM'],
  ['the own capture port', '10.0.0.1', 15_001, 'ERR_ZTUNNEL_SELF_CALL'],
  ['the own tunnel port', '10.0.0.1', 15_008, 'ERR_ZTUNNEL_SELF_CALL'],
  ["another pod's tunnel port", '10.0.1.1', 15_008, 'ERR_ZTUNNEL_RECURSIVE_PORT'],
];
for (const [name, address, port, code] of refusals) {
  test(`${name} is refused with a reset and one record`, async (t) => {
    const { ports, journal, dialled } = world();
    const { stream, connection } = captured(address, port);
    await carryOutbound(connection, ports);
    t.same(dialled, []);
    t.equal(stream.resets[0]?.code, code);
    t.same(
      journal.entries.map(({ event, end }) => [event, end?.error?.code]),
      [['failed', code]],
    );
  });
}

test('a connection that was not redirected is refused', async (t) => {
  const { ports } = world();
  const { stream, connection } = captured('10.96.0.10', 80);
  await carryOutbound({ ...connection, originalDestination: undefined }, ports);
  t.equal(stream.resets[0]?.code, 'ERR_ZTUNNEL_NO_ORIGINAL_DESTINATION');
});

test('a live connection is listed, and a cut ends it with its reason', async (t) => {
  const { ports, journal, tracker } = world({ splice: fakeSplice(undefined, false) });
  const carried = carryOutbound(captured('10.96.0.10', 80).connection, ports);
  await new Promise((resolve) => setImmediate(resolve));
  const [live] = tracker.of(source.uid);
  t.match(live, { direction: 'outbound', dialled: '10.96.0.10:80', destination: { port: 15_008 } });
  live?.cut(new ZtunnelError({ code: 'ERR_ZTUNNEL_DRAINED', blame: 'local', message: 'over' }));
  await carried;
  t.equal(journal.entries.at(-1)?.end?.error?.code, 'ERR_ZTUNNEL_DRAINED');
  t.same(tracker.of(source.uid), []);
});

test('a pod’s waypoint is tried at another of its pods, since it has several though the pod has one address', async (t) => {
  const waypointService = makeService({ name: 'waypoint', ports: [] });
  const waypoint = {
    kind: 'hostname' as const,
    namespace: 'shop',
    hostname: waypointService.hostname,
    hboneMtlsPort: 15008,
  };
  const pods = ['10.0.5.1', '10.0.5.2'].map((address, index) =>
    serving(makeWorkload({ name: `waypoint-${index}`, addresses: [ip(address)] }), waypointService),
  );
  const view = createMeshView();
  view.apply({
    upsertServices: [waypointService],
    upsertWorkloads: [source, { ...endpoint('a', '10.0.1.1'), services: new Map(), waypoint }, ...pods],
  });
  const dialled: string[] = [];
  const { ports } = world({
    resolve: (question) => resolveUpstream({ view, network: '', random: () => 0, ...question }),
    async dial(upstream) {
      dialled.push(`${upstream.address} for ${upstream.authority}`);
      if (dialled.length === 1) throw failure(true);
      return { stream: fakeStream(), identity: undefined };
    },
  });
  const { stream, connection } = captured('10.0.1.1', 8080);
  await carryOutbound(connection, ports);
  t.same(dialled, ['10.0.5.1 for 10.0.1.1:8080', '10.0.5.2 for 10.0.1.1:8080']);
  t.same(stream.resets, []);
});
