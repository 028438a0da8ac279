import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { test } from 'tap';
import { type MeshError, systemClock } from '../../src/base/index.ts';
import {
  ALL_WAYPOINTS,
  gatewayKey,
  type RequestPolicy,
  routeKey,
  type Service,
  type StreamRoute,
} from '../../src/model/index.ts';
import { NOTHING_HOLDS } from '../../src/waypoint/admission/holding-objects.ts';
import { tcpByteStream } from '../../src/net/index.ts';
import {
  type ConnectionDetails,
  type ConnectionEnd,
  type ConnectionJournal,
  createRefusalTeller,
} from '../../src/proxy/index.ts';
import { createTracer } from '../../src/telemetry/index.ts';
import { compileAuthorization } from '../../src/waypoint/authorization/compile-authorization.ts';
import { createConnectionJudge } from '../../src/waypoint/authorization/judge-connection.ts';
import { createBytesCarrier } from '../../src/waypoint/listener/carry-bytes.ts';
import type { PlainConnection } from '../../src/waypoint/listener/ports.ts';
import type { TargetPlan } from '../../src/waypoint/plan/target-plan.ts';
import { createStreamRouteTable } from '../../src/waypoint/routing/stream-route-table.ts';
import { ip, keyOf, makeService, makeWorkload } from '../model/mesh-fixtures.ts';
import { policyOf } from '../policy/support/requests.ts';
import { guardedService } from './authorization/support/guarded-service.ts';
import { makeContext } from './request-fixtures.ts';
import { type UpstreamWorld, withUpstreams } from './support/upstream-world.ts';

const GATEWAY = gatewayKey('shop', 'waypoint');

interface Carried {
  /** Of the endpoint that the connection reached; empty: none. */
  readonly reached: string;
  readonly answer: string;
  readonly failure: string | undefined;
  readonly accepted: boolean;
}

/** A service whose one endpoint says its name to whoever connects, and ends. */
async function addService(world: UpstreamWorld, name: string): Promise<{ service: Service; server: Server }> {
  const service = makeService({ name, ports: [{ servicePort: 80, targetPort: 0, appProtocol: 'tcp' }] });
  const server = createServer((socket) => socket.on('error', () => undefined).end(name));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const services = new Map([
    [keyOf(service), [{ servicePort: 80, targetPort: port, appProtocol: 'tcp' as const }]],
  ]);
  world.view.apply({
    upsertServices: [service],
    upsertWorkloads: [makeWorkload({ name, addresses: [ip('127.0.0.1')], services })],
  });
  return { service, server };
}

/** Carries one connection of a client to the service `front`, under these routes. */
async function carried(
  routes: (services: Readonly<Record<'front' | 'one' | 'two', Service>>) => readonly StreamRoute[],
  speak: (client: Socket) => void,
  over: Partial<PlainConnection> & {
    readonly policies?: readonly RequestPolicy[];
    readonly plan?: Partial<TargetPlan>;
  } = {},
): Promise<Carried> {
  const { policies = [], plan: planned, ...connection } = over;
  const resources = policies.map((policy) => ({ kind: 'authorization', policy }) as const);
  let result: Carried = { reached: '', answer: '', failure: 'not run', accepted: false };
  await withUpstreams({}, async (world) => {
    const [front, one, two] = await Promise.all(
      ['front', 'one', 'two'].map((name) => addService(world, name)),
    );
    if (front === undefined || one === undefined || two === undefined) throw new Error('no services');
    const table = createStreamRouteTable(
      routes({ front: front.service, one: one.service, two: two.service }),
      front.service,
      80,
    );
    const ends: End[] = [];
    const { client, dialled, plan } = makeContext({ service: front.service });
    const carry = createBytesCarrier({
      tracer: createTracer({ ratio: 0, sinks: [] }),
      identity: client.identity,
      view: world.view,
      network: '',
      upstreams: world.upstreams,
      journal: noting(ends),
      refusals: createRefusalTeller({
        proxy: 'waypoint/shop/waypoint-1',
        instance: 'i1',
        verdicts: new Set(['ERR_WAYPOINT_DENIED']),
        details: 'full',
      }),
      clock: systemClock,
      live: { follow: () => () => undefined },
      judge: createConnectionJudge(guardedService({}).guards),
      planFor: () => ({
        ...plan,
        ...planned,
        streams: table,
        authorization: compileAuthorization(
          { gateway: GATEWAY, service: keyOf(front.service), port: 80 },
          resources,
        ),
      }),
    });
    const listener = createServer({ pauseOnConnect: true, allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const near = connect((listener.address() as AddressInfo).port, '127.0.0.1');
    near.on('error', () => undefined);
    const [far] = (await once(listener, 'connection')) as [Socket];
    let accepted = false;
    speak(near);
    const answer = buffer(near).catch(() => Buffer.alloc(0));
    await carry({
      client,
      dialled,
      signal: new AbortController().signal,
      firstBytes: undefined,
      accept() {
        accepted = true;
        return tcpByteStream(far);
      },
      refuse: () => far.resetAndDestroy(),
      ...connection,
    });
    const [end] = ends;
    result = {
      reached: end?.reached ?? '',
      answer: (await answer).toString(),
      failure: end?.error?.code,
      accepted,
    };
    near.destroy();
    far.destroy();
    for (const server of [listener, front.server, one.server, two.server]) server.close();
  });
  return result;
}

interface End {
  readonly reached: string;
  readonly error: MeshError | undefined;
}

function noting(ends: End[]): ConnectionJournal {
  const note = ({ destinationWorkload }: ConnectionDetails, { error }: ConnectionEnd): void => {
    ends.push({ reached: destinationWorkload?.name ?? '', error });
  };
  return { opened: (details) => ({ closed: (end) => note(details, end) }), failed: note };
}

function routeTo(
  kind: StreamRoute['kind'],
  from: Service,
  to: Service | undefined,
  hostnames: string[] = [],
): StreamRoute {
  const name = `${kind}-${to?.name}`.toLowerCase();
  return {
    key: routeKey(kind, 'shop', name),
    kind,
    namespace: 'shop',
    name,
    createdMs: 0,
    parents: [{ service: keyOf(from), port: undefined }],
    hostnames,
    rules: [
      {
        name: '',
        backends:
          to === undefined
            ? [{ weight: 1, target: { kind: 'invalid', reason: 'BackendNotFound', message: 'no service' } }]
            : [{ weight: 1, target: { kind: 'service', service: keyOf(to), port: 80 } }],
      },
    ],
  };
}

const says = (text: string) => (client: Socket) => {
  client.end(text);
};
const asksFor = (servername: string) => (client: Socket) => {
  connectTls({ socket: client, servername }).on('error', () => undefined);
};

test('a connection goes where it was dialled, or where a TCPRoute says', async (t) => {
  t.match(await carried(() => [], says('hello')), { answer: 'front', failure: undefined });
  t.match(await carried(({ front, one }) => [routeTo('TCPRoute', front, one)], says('hello')), {
    answer: 'one',
    failure: undefined,
  });
});

test('what shows no request does not get round what looks at requests, unless the port says that there are none', async (t) => {
  const rules = [{ rule: {}, keys: {} }] as unknown as TargetPlan['authentication']['rules'];
  const authentication = { rules, places: [], outputHeaders: new Set<string>() };
  const visit = () => {
    throw new Error('no request');
  };
  const filters = { ...NOTHING_HOLDS, of: () => ({ objects: [{ visit }], missing: undefined }) };
  for (const plan of [{ authentication }, { filters }]) {
    for (const firstBytes of ['silent', 'other'] as const)
      t.match(await carried(() => [], says('get / HTTP/1.1'), { plan, firstBytes }), {
        reached: '',
        failure: 'ERR_WAYPOINT_DENIED',
        accepted: false,
      });
    for (const firstBytes of ['tls', undefined] as const)
      t.match(await carried(() => [], says('hello'), { plan, firstBytes }), { answer: 'front' });
  }
  t.match(await carried(() => [], says('hello'), { firstBytes: 'other' }), { answer: 'front' });
});

test('a TLS connection goes by the name that it asks for', async (t) => {
  const routes = ({ front, one, two }: Readonly<Record<'front' | 'one' | 'two', Service>>) => [
    routeTo('TLSRoute', front, one, ['one.example']),
    routeTo('TLSRoute', front, two, ['*.two.example']),
    routeTo('TCPRoute', front, front),
  ];
  for (const [name, reached] of [
    ['one.example', 'one'],
    ['x.two.example', 'two'],
  ] as const)
    t.match(await carried(routes, asksFor(name)), { reached }, name);
  t.match(await carried(routes, says('no TLS')), { answer: 'front', failure: undefined });
  t.match(await carried(routes, says('no TLS'), { firstBytes: 'other' }), { answer: 'front' });
  t.match(
    await carried(routes, asksFor('other.example')),
    { reached: '', failure: 'ERR_WAYPOINT_NO_ROUTE', accepted: true },
    'a name that no route has',
  );
});

test('an invalid backend is a refusal before anything is accepted', async (t) => {
  t.match(await carried(({ front }) => [routeTo('TCPRoute', front, undefined)], says('hello')), {
    answer: '',
    failure: 'ERR_WAYPOINT_INVALID_BACKEND',
    accepted: false,
  });
});

test('a connection is judged before it is carried, and by the name that it asks for where that matters', async (t) => {
  const policy = (name: string, rule: object): RequestPolicy => ({
    ...policyOf(name, 'deny', [rule]),
    attachments: [ALL_WAYPOINTS],
  });
  const sni = { subject: 'sni', values: [{ kind: 'exact', value: 'secret.example' }], notValues: [] };
  const closed = { policies: [policy('closed', {})] };
  const secret = { policies: [policy('secret', { when: [sni] })] };
  const none = () => [];
  t.match(await carried(none, says('hello'), closed), {
    answer: '',
    failure: 'ERR_WAYPOINT_DENIED',
    accepted: false,
  });
  t.match(await carried(none, asksFor('secret.example'), secret), { failure: 'ERR_WAYPOINT_DENIED' });
  t.match(await carried(none, asksFor('open.example'), secret), { reached: 'front' });
  t.match(await carried(none, says('hello'), secret), { answer: 'front', failure: undefined });
});
