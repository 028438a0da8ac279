import { globSync, readFileSync } from 'node:fs';
import { type Test, test } from 'tap';
import { HeaderList, type HttpRequest, NO_BODY } from '../../src/http/index.ts';
import { meshOf, serviceObject, type TestMesh } from '../controller/support/mesh-of.ts';
import { readDocuments } from '../controller/support/settings.ts';
import { conformancePath, needsConformanceData } from '../support/conformance.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import { isRoute, type Json, movedTo } from './support/route-objects.ts';
import { type Dialled, routedMesh, type Sent } from './support/routed-mesh.ts';

// What the Gateway API's conformance suite sends and expects, from its objects to what a backend would see. No sockets: that
// real processes do the same is shown elsewhere. Its Gateway tests are moved onto a Service.

interface Expectation {
  readonly test: string;
  readonly manifests: readonly string[];
  readonly client?: Client;
  readonly distribution?: { readonly weights: Readonly<Record<string, number>>; readonly requests: number };
  readonly cases?: readonly Case[];
}

interface Client {
  readonly namespace: string;
}

interface Case {
  readonly request?: AskedHttp;
  readonly grpc?: {
    readonly service: string;
    readonly method: string;
    readonly metadata: Readonly<Record<string, string>>;
  };
  readonly client?: Client;
  readonly group?: string;
  readonly tls?: unknown;
  readonly expect: Expected;
}

interface AskedHttp {
  readonly method: string;
  readonly host: string | null | { readonly podIPOf: { readonly labels: string }; readonly port: number };
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Expected {
  readonly status?: readonly number[];
  readonly code?: string;
  readonly backend: string | null;
  readonly namespace: string | null;
  readonly backendSees?: {
    readonly host: string | null;
    readonly path: string | null;
    readonly method: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly absentHeaders?: readonly string[];
  };
  readonly responseHeaders?: Readonly<Record<string, string>>;
  readonly responseAbsentHeaders?: readonly string[];
  readonly redirect?: Readonly<Partial<Record<'Scheme' | 'Host' | 'Port' | 'Path', string>>>;
  readonly mirroredTo?: readonly {
    readonly BackendRef: { readonly Name: string; readonly Namespace: string };
  }[];
}

/** Listeners are a Gateway's; a Service has ports. */
const OUT_OF_SCOPE: ReadonlyMap<string, string> = new Map([
  ['HTTPRouteListenerHostnameMatching', 'hostnames of listeners'],
  ['HTTPRouteHTTPSListener', 'listeners with certificates'],
]);

const PARENT = 'moved-parent';
const folder = conformancePath('gateway-api');
const GRPC_CODES: Readonly<Record<string, string>> = { OK: '0', Unimplemented: '12' };

function expectations(profile: 'gateway' | 'mesh'): readonly Expectation[] {
  return globSync(`expectations/${profile}/*.json`, { cwd: folder })
    .sort()
    .map((file) => JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as Expectation)
    .filter(({ cases = [] }) =>
      cases.some(({ request, grpc }) => request !== undefined || grpc !== undefined),
    );
}

/** Services as a cluster would hold them, with an address. */
function admitted(file: string): readonly unknown[] {
  return readDocuments(`${folder}/${file}`).map((value) => {
    const { kind, spec } = value as { readonly kind: string; readonly spec?: Json };
    if (kind !== 'Service' || spec?.clusterIP !== undefined) return value;
    return { ...(value as Json), spec: { ...spec, clusterIP: '10.96.0.1' } };
  });
}

/** The request of a case, and what its client dials for it. */
function asked({ request, grpc }: Case, client: Client, parent: Dialled['service']): [HttpRequest, Dialled] {
  if (grpc !== undefined) {
    const headers = { 'content-type': 'application/grpc', ...grpc.metadata };
    const message = requestOf('POST', `/${grpc.service}/${grpc.method}`, headers, PARENT);
    return [message, { service: parent, port: 80, clientNamespace: client.namespace }];
  }
  if (request === undefined) throw new Error('a case has neither request nor grpc');
  const { method, host, headers = {} } = request;
  const path = request.path === '' ? '/' : request.path;
  const clientNamespace = client.namespace;
  if (typeof host === 'object' && host !== null)
    return [
      requestOf(method, path, headers, `10.0.0.7:${host.port}`),
      { service: undefined, port: host.port, clientNamespace },
    ];
  if (parent !== undefined)
    return [requestOf(method, path, headers, host ?? PARENT), { service: parent, port: 80, clientNamespace }];
  const [name = '', port = '80'] = (host ?? '').split(':');
  const [service = '', namespace = clientNamespace] = name.split('.');
  return [
    requestOf(method, path, headers, host ?? ''),
    { service: { namespace, name: service }, port: Number(port), clientNamespace },
  ];
}

function requestOf(
  method: string,
  target: string,
  headers: Readonly<Record<string, string>>,
  dialled: string,
): HttpRequest {
  const { Host, ...rest } = headers;
  return {
    version: '1.1',
    method,
    scheme: 'http',
    authority: Host ?? dialled,
    target,
    headers: new HeaderList(Object.entries(rest)),
    body: NO_BODY,
    upgrade: undefined,
    expectContinue: false,
  };
}

/** Values as the suite compares them: joined with a comma alone. */
function joinedValue(headers: HeaderList, name: string): string | undefined {
  return headers.joined(name.toLowerCase())?.replaceAll(', ', ',');
}

function compare(t: Test, request: HttpRequest, sent: Sent, expect: Expected): void {
  const { response, arrivals, copies } = sent;
  const { status, code, redirect, backendSees } = expect;
  if (status !== undefined) t.ok(status.includes(response.status), `status ${response.status}`);
  if (code !== undefined)
    t.equal(response.headers.get('grpc-status') ?? (response.status === 200 ? '0' : ''), GRPC_CODES[code]);
  const [arrival] = arrivals;
  const reached = response.status === 200 && !response.headers.has('grpc-status');
  t.equal(arrival !== undefined, reached || response.status === 504, 'a backend was asked');
  if (expect.backend !== null && arrival?.service !== undefined)
    // The service echo stands for both versions.
    t.ok(
      arrival.service.name === expect.backend || arrival.service.name === 'echo',
      `backend ${arrival.service.name}`,
    );
  if (expect.namespace !== null && arrival?.service !== undefined)
    t.equal(arrival.service.namespace, expect.namespace, 'namespace');
  if (backendSees !== undefined && arrival !== undefined) {
    const { host, path, method, headers = {}, absentHeaders = [] } = backendSees;
    // What is null in the suite is as it was sent, unless something rewrites it, which the case would name.
    t.equal(arrival.request.authority, host ?? request.authority, 'host');
    t.equal(arrival.request.target, path === null || path === '' ? request.target : path, 'path');
    t.equal(arrival.request.method, method, 'method');
    for (const [name, value] of Object.entries(headers))
      t.equal(joinedValue(arrival.request.headers, name), value, `header ${name}`);
    for (const name of absentHeaders)
      t.equal(joinedValue(arrival.request.headers, name), undefined, `no header ${name}`);
  }
  for (const [name, value] of Object.entries(expect.responseHeaders ?? {}))
    t.equal(joinedValue(response.headers, name), value, `response header ${name}`);
  for (const name of expect.responseAbsentHeaders ?? [])
    t.equal(joinedValue(response.headers, name), undefined, `no response header ${name}`);
  if (redirect !== undefined) {
    const location = new URL(response.headers.get('location') ?? 'none:');
    t.equal(location.protocol, `${(redirect.Scheme ?? 'http').toLowerCase()}:`, 'scheme');
    t.equal(location.hostname, redirect.Host ?? request.authority.split(':')[0], 'host');
    t.equal(location.pathname, redirect.Path ?? request.target.split('?')[0], 'path');
    t.equal(location.port, redirect.Port ?? '', 'port');
  }
  const mirroredTo = (expect.mirroredTo ?? []).map(
    ({ BackendRef }) => `${BackendRef.Namespace}/${BackendRef.Name}`,
  );
  t.same(
    copies.map(({ service }) => `${service?.namespace}/${service?.name}`),
    mirroredTo,
    'copies',
  );
}

/** Lets time pass until a promise settles. */
async function inTime<T>(clock: FakeClock, promise: Promise<T>): Promise<T> {
  let over = false;
  promise.finally(() => {
    over = true;
  });
  for (let step = 0; step < 100 && !over; step++) await clock.advance(100);
  return promise;
}

async function runCases(
  t: Test,
  mesh: TestMesh,
  expectation: Expectation,
  parent: Dialled['service'],
): Promise<number> {
  const clock = createFakeClock();
  const routed = routedMesh(mesh, clock);
  const { cases = [], distribution } = expectation;
  for (const one of cases) {
    if (/after deleting the relevant reference grant/.test(one.group ?? '')) {
      mesh.remove(...expectation.manifests.flatMap((file) => admitted(`tests/${file}`)).filter(isGrant));
      routed.changed();
    }
    const client = one.client ?? expectation.client ?? { namespace: parent?.namespace ?? '' };
    const [request, dialled] = asked(one, client, parent);
    const sent = await inTime(clock, routed.send(request, dialled));
    await t.test(
      `${request.method} ${request.authority}${request.target} ${JSON.stringify([...request.headers])}`,
      async (sub) => compare(sub, request, sent, one.expect),
    );
    if (distribution === undefined) continue;
    const counts = new Map<string, number>();
    for (let count = 0; count < distribution.requests; count++) {
      const { arrivals } = await routed.send(request, dialled);
      const name = arrivals[0]?.service?.name ?? '';
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    for (const [name, weight] of Object.entries(distribution.weights)) {
      const share = (counts.get(name) ?? 0) / distribution.requests;
      t.ok(weight === 0 ? share === 0 : Math.abs(share - weight) < 0.05, `${name}: ${share} for ${weight}`);
    }
  }
  return cases.length;
}

function isGrant(value: unknown): boolean {
  return (value as Json).kind === 'ReferenceGrant';
}

test('the mesh tests of the suite hold', needsConformanceData(), async (t) => {
  let cases = 0;
  for (const expectation of expectations('mesh'))
    await t.test(expectation.test, async (sub) => {
      const documents = expectation.manifests.flatMap((file) => admitted(`tests/${file}`));
      const mesh = meshOf([...admitted('mesh/manifests.yaml'), ...documents]);
      cases += await runCases(sub, mesh, expectation, undefined);
    });
  t.ok(cases > 50, `${cases} cases`);
});

test('the gateway tests of the suite hold on a Service', needsConformanceData(), async (t) => {
  let cases = 0;
  for (const expectation of expectations('gateway')) {
    const reason = OUT_OF_SCOPE.get(expectation.test);
    if (reason !== undefined) {
      t.comment(`${expectation.test} is left out: ${reason}`);
      continue;
    }
    await t.test(expectation.test, async (sub) => {
      const documents = expectation.manifests.flatMap((file) => admitted(`tests/${file}`));
      const namespace = documents.find(isRoute)?.metadata.namespace ?? '';
      const mesh = meshOf([
        ...admitted('base/manifests.yaml'),
        serviceObject(namespace, PARENT, [80]),
        ...documents.map((value) => (isRoute(value) ? movedTo(PARENT, value) : value)),
      ]);
      cases += await runCases(sub, mesh, expectation, { namespace, name: PARENT });
    });
  }
  t.ok(cases > 60, `${cases} cases`);
});
