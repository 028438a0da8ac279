import { test } from 'tap';
import { MeshError } from '../../src/base/index.ts';
import { createMeshView, type MeshViewStore, workloadIdentity } from '../../src/model/index.ts';
import { decideL4 } from '../../src/policy/index.ts';
import { createAdmission } from '../../src/ztunnel/connections/admission.ts';
import { beginRecord, createRefusalTeller } from '../../src/proxy/index.ts';
import { createFairShare } from '../../src/ztunnel/connections/fair-share.ts';
import { createConnectionTracker } from '../../src/ztunnel/connections/tracker.ts';
import { carryTunnel } from '../../src/ztunnel/inbound/carry-tunnel.ts';
import type { TunnelRequest } from '../../src/proxy/index.ts';
import type { TunnelRefusal } from '../../src/tunnel-protocol/index.ts';
import type { InboundPorts } from '../../src/ztunnel/inbound/ports.ts';
import { ip, makeService, makeWorkload, policyOf, serving } from '../model/mesh-fixtures.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { fakeSplice, fakeStream } from './support/fake-stream.ts';
import { createRecorder } from './support/recorder.ts';

const service = makeService({ name: 'web' });
const server = serving(makeWorkload({ name: 'server', addresses: [ip('10.0.1.1')] }), service);
const client = makeWorkload({ name: 'client', addresses: [ip('10.0.0.1')] });
const peer = workloadIdentity({ trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'client' });

function world(over: Partial<InboundPorts> = {}, guarded = false) {
  const view = createMeshView();
  view.apply({ upsertWorkloads: [server, client], upsertServices: [service] });
  const journal = createRecorder();
  const application = fakeStream();
  const asked: string[] = [];
  const bypasses: string[] = [];
  const clock = createFakeClock();
  const admission = createAdmission({
    view,
    judge: decideL4,
    holdMs: 5_000,
    clock,
    refusesBypass: () => guarded,
    onDryRun: () => undefined,
  });
  const ports: InboundPorts = {
    pod: server.uid,
    identity: workloadIdentity({ trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'server' }),
    network: '',
    view,
    admission,
    onWaypointBypass: ({ path, outcome }) => void bypasses.push(`${path.service?.name} ${outcome}`),
    async connectApplication(target, from) {
      asked.push(`${target.address}:${target.port} from ${from}`);
      return application;
    },
    beginRecord: (details) => beginRecord(journal, () => 0, details),
    refusals: createRefusalTeller({
      proxy: 'ztunnel/node-1',
      instance: 'i1',
      verdicts: new Set(['ERR_ZTUNNEL_DENIED']),
      details: 'full',
    }),
    tracker: createConnectionTracker(),
    share: createFairShare(100).pod('server'),
    splice: fakeSplice(),
    clock,
    holdMs: 5_000,
    ...over,
  };
  return { view, ports, journal, application, asked, bypasses, clock };
}

function request(authority: TunnelRequest['authority']) {
  const answers: string[] = [];
  const told: (TunnelRefusal | undefined)[] = [];
  const tunnel: TunnelRequest = {
    authority,
    peer,
    local: { address: ip('10.0.1.1'), port: 15_008 },
    remote: { address: ip('10.0.0.1'), port: 40_000 },
    forwarded: { client: { address: ip('10.0.0.1'), port: 51_234 } },
    signal: new AbortController().signal,
    accept() {
      answers.push('200');
      return fakeStream();
    },
    refuse(status, _reason, refusal) {
      answers.push(String(status));
      told.push(refusal);
    },
  };
  return { tunnel, answers, told };
}

const toAddress = (address: string, port: number) => request({ kind: 'address', address: ip(address), port });

test('a tunnel to this pod reaches its application under the address of the client', async (t) => {
  const { ports, journal, asked } = world();
  const { tunnel, answers } = toAddress('10.0.1.1', 8080);
  await carryTunnel(tunnel, ports);
  t.same(answers, ['200']);
  t.same(asked, ['10.0.1.1:8080 from 10.0.0.1']);
  t.match(journal.entries[1], {
    event: 'closed',
    details: {
      source: { address: '10.0.0.1', port: 51_234 },
      sourceWorkload: { name: 'client' },
      service: { name: 'web' },
      sourceIdentity: peer,
    },
  });
});

test('a name is taken when it is a service of this pod', async (t) => {
  const { ports, asked } = world();
  const named = request({ kind: 'hostname', hostname: 'web.shop.svc.cluster.local', port: 80 });
  await carryTunnel(named.tunnel, ports);
  t.same(named.answers, ['200']);
  t.same(asked, ['10.0.1.1:8080 from 10.0.0.1']);
});

test('a client that names another host than its own is seen as the tunnel that it came through', async (t) => {
  const { ports, journal } = world();
  const { tunnel } = toAddress('10.0.1.1', 8080);
  await carryTunnel({ ...tunnel, forwarded: { client: { address: ip('1.2.3.4'), port: 1 } } }, ports);
  t.match(journal.entries[0]?.details.source, { address: '10.0.0.1', port: 40_000 });
});

test('the client is not labelled as a workload whose identity it did not prove', async (t) => {
  const { ports, journal } = world();
  const { tunnel } = toAddress('10.0.1.1', 8080);
  const other = workloadIdentity({
    trustDomain: 'cluster.local',
    namespace: 'shop',
    serviceAccount: 'other',
  });
  await carryTunnel({ ...tunnel, peer: other }, ports);
  t.equal(journal.entries[0]?.details.sourceWorkload, undefined);
});

const refusals: readonly [name: string, target: ReturnType<typeof request>, status: string, code: string][] =
  [
    ['another address', toAddress('10.0.1.9', 8080), '400', 'ERR_ZTUNNEL_WRONG_AUTHORITY'],
    ['a port of the mesh', toAddress('10.0.1.1', 15_006), '503', 'ERR_ZTUNNEL_RECURSIVE_PORT'],
    [
      'a name that is no service of this pod',
      request({ kind: 'hostname', hostname: 'other.shop.svc.cluster.local', port: 80 }),
      '503',
      'ERR_ZTUNNEL_UNKNOWN_DESTINATION',
    ],
  ];
for (const [name, { tunnel, answers }, status, code] of refusals) {
  test(`a tunnel to ${name} is answered ${status}, with one record`, async (t) => {
    const { ports, journal, asked } = world();
    await carryTunnel(tunnel, ports);
    t.same(answers, [status]);
    t.same(asked, [], 'the application was not dialled');
    t.same(
      journal.entries.map(({ event, end }) => [event, end?.error?.code]),
      [['failed', code]],
    );
  });
}

test('a policy answers 401, before the application is dialled', async (t) => {
  const { view, ports, asked, journal } = world();
  view.apply({
    upsertPolicies: [policyOf({ name: 'no' }, { principals: [{ kind: 'suffix', value: '/sa/client' }] })],
  });
  const { tunnel, answers, told } = toAddress('10.0.1.1', 8080);
  await carryTunnel(tunnel, ports);
  t.same(answers, ['401']);
  t.same(asked, []);
  t.match(told, [
    {
      proxy: 'ztunnel/node-1',
      why: { kind: 'refused', reason: 'ERR_ZTUNNEL_DENIED', policy: 'shop/no', rule: 1 },
    },
  ]);
  t.equal(journal.entries[0]?.details.refusalId, told[0]?.id, 'both ends call it the same');
});

test('an unknown pod is answered 503 after a while', async (t) => {
  const { view, ports, clock } = world();
  view.apply({ removedAddresses: [server.uid] });
  const { tunnel, answers } = toAddress('10.0.1.1', 8080);
  const carried = carryTunnel(tunnel, ports);
  await clock.advance(5_000);
  await carried;
  t.same(answers, ['503']);
});

test('an application that does not take the connection is 503', async (t) => {
  const refused = new MeshError({ code: 'ERR_NET_CONNECT_REFUSED', blame: 'upstream', message: 'refused' });
  const { ports, journal } = world({ connectApplication: () => Promise.reject(refused) });
  const { tunnel, answers } = toAddress('10.0.1.1', 8080);
  await carryTunnel(tunnel, ports);
  t.same(answers, ['503']);
  t.equal(journal.entries[0]?.end?.error, refused);
});

test('an application connection is not left behind when the peer is gone', async (t) => {
  const { ports, application } = world();
  const { tunnel } = toAddress('10.0.1.1', 8080);
  const gone = new MeshError({ code: 'ERR_TUNNEL_STREAM_RESET', blame: 'downstream', message: 'gone' });
  await carryTunnel(
    {
      ...tunnel,
      accept() {
        throw gone;
      },
    },
    ports,
  );
  t.same(application.resets, [gone]);
});

/** `web` behind a waypoint of which the peer is a pod, or not. */
function putWaypoint(view: MeshViewStore, account: string): void {
  const hostname = 'waypoint.shop.svc.cluster.local';
  const gateway = { kind: 'hostname' as const, namespace: 'shop', hostname, hboneMtlsPort: 15008 };
  const waypoint = makeService({ name: 'waypoint', ports: [] });
  view.apply({
    upsertServices: [{ ...service, waypoint: gateway }, waypoint],
    upsertWorkloads: [
      serving(
        makeWorkload({ name: 'waypoint', addresses: [ip('10.0.3.3')], serviceAccount: account }),
        waypoint,
      ),
    ],
  });
}

/** A tunnel whose sender says that its client is somebody else. */
function claiming(address: string) {
  const { tunnel, answers } = toAddress('10.0.1.1', 8080);
  return { tunnel: { ...tunnel, forwarded: { client: { address: ip(address), port: 1 } } }, answers };
}

test('behind its waypoint the application sees the client that the waypoint names', async (t) => {
  const { view, ports, asked, bypasses } = world();
  putWaypoint(view, 'client');
  for (const address of ['10.9.9.9', '127.0.0.1', '224.0.0.1', 'fd00::9', '0.0.0.0'])
    await carryTunnel(claiming(address).tunnel, ports);
  const own = '10.0.1.1:8080 from 10.0.0.1';
  t.same(asked, ['10.0.1.1:8080 from 10.9.9.9', own, own, own, own], 'addresses of nobody are not believed');
  t.same(bypasses, []);
  view.apply({
    upsertWorkloads: [makeWorkload({ name: 'both', addresses: [ip('fd00::7'), ip('10.7.7.7')] })],
  });
  await carryTunnel(claiming('fd00::7').tunnel, ports);
  t.equal(asked.at(-1), '10.0.1.1:8080 from 10.7.7.7', 'its address of the family that is spoken here');
});

test('nobody else is believed, and who comes round the waypoint is counted', async (t) => {
  const { view, ports, asked, bypasses } = world();
  putWaypoint(view, 'waypoint');
  const { tunnel, answers } = claiming('10.9.9.9');
  await carryTunnel(tunnel, ports);
  t.same(answers, ['200']);
  t.same(asked, ['10.0.1.1:8080 from 10.0.0.1']);
  t.same(bypasses, ['web allowed']);
});

test('where the label says so, who comes round the waypoint is refused for good', async (t) => {
  const { view, ports, asked, bypasses } = world({}, true);
  putWaypoint(view, 'waypoint');
  const { tunnel, answers } = claiming('10.9.9.9');
  await carryTunnel(tunnel, ports);
  t.same(answers, ['401']);
  t.same(asked, []);
  t.same(bypasses, ['web refused']);
});
