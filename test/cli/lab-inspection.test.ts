import { globSync, readFileSync } from 'node:fs';
import pc from 'picocolors';
import { test } from 'tap';
import { absentRoutes } from '../../src/cli/lab/objects/absent-routes.ts';
import { warnOfLabelValues } from '../../src/cli/lab/objects/label-values.ts';
import { columnsOf } from '../../src/cli/lab/objects/object-columns.ts';
import type { Beside } from '../../src/cli/lab/objects/columns.ts';
import { objectNotes } from '../../src/cli/lab/objects/object-notes.ts';
import { inspectAll, requireValid } from '../../src/cli/lab/objects/validate.ts';
import { wantedWaypoint } from '../../src/cli/lab/objects/wanted-waypoint.ts';
import type { LabClient } from '../../src/lab/client/index.ts';
import { type ManifestObject, parseManifests } from '../../src/lab/cluster/index.ts';
import type { KubeObject } from '../../src/lab/cluster/objects/index.ts';
import { conformancePath, needsConformanceData } from '../support/conformance.ts';

function manifests(text: string): readonly ManifestObject[] {
  return parseManifests(text, 'test');
}

const route = (spec: string, version = 'v1'): string =>
  `apiVersion: gateway.networking.k8s.io/${version}\nkind: HTTPRoute\nmetadata: { name: r, namespace: shop }\nspec: ${spec}\n`;

test('what an API server refuses is refused before it is applied', needsConformanceData(), async (t) => {
  const folder = conformancePath('gateway-api');
  for (const file of globSync('invalid-examples/standard/**/*.yaml', { cwd: folder })) {
    const objects = manifests(readFileSync(`${folder}/${file}`, 'utf8'));
    t.not((await inspectAll(objects)).problems.size, 0, file);
    await t.rejects(requireValid(objects), { code: 'ERR_LAB_MANIFEST' });
  }
  for (const file of globSync('examples/**/*.yaml', { cwd: folder })) {
    const { problems } = await inspectAll(manifests(readFileSync(`${folder}/${file}`, 'utf8')));
    t.same([...problems.values()], [], file);
  }
});

test('a version that is not served is named, and unknown fields are told', async (t) => {
  const old = await inspectAll(manifests(route('{}', 'v1alpha2')));
  t.match(
    [...old.problems.values()],
    [/gateway\.networking\.k8s\.io\/v1, .*got gateway\.networking\.k8s\.io\/v1alpha2/],
  );
  const misspelt = await inspectAll(manifests(route('{ hostname: a, rules: [{ match: [] }] }')));
  t.same([...misspelt.problems.values()], []);
  t.same(
    [...misspelt.notices.values()],
    [['unknown fields are passed over: spec.hostname, spec.rules[0].match']],
  );
  const others =
    'apiVersion: v1\nkind: Pod\nmetadata: { name: p }\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: UDPRoute\nmetadata: { name: u }\n';
  t.equal((await inspectAll(manifests(others))).problems.size, 0, 'other kinds are not for it to judge');
});

test('a parent of kind Service without its group is told, since it is nobody that anybody could mean', async (t) => {
  const { problems, notices } = await inspectAll(
    manifests(route('{ parentRefs: [{ kind: Service, name: cart }, { name: gw }] }')),
  );
  t.equal(problems.size, 0);
  t.match([...notices.values()], [[/^spec\.parentRefs\[0\]\.group: expected "" for a Service, got nothing/]]);
  const good = await inspectAll(
    manifests(route('{ parentRefs: [{ group: "", kind: Service, name: cart }] }')),
  );
  t.equal(good.notices.size, 0);
});

const condition = (type: string, status: string, message: string) => ({ type, status, message });

function kept(
  kind: string,
  { spec = {}, status = {}, name = 'r', labels = {}, annotations = {} }: Partial<Kept> = {},
): KubeObject {
  return {
    apiVersion: kind === 'Service' ? 'v1' : 'gateway.networking.k8s.io/v1',
    kind,
    metadata: {
      name,
      namespace: kind === 'Namespace' ? '' : 'shop',
      uid: '',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: new Date().toISOString(),
      labels,
      annotations,
    },
    spec,
    status,
  };
}

interface Kept {
  readonly name: string;
  readonly spec: object;
  readonly status: object;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** But for the age. */
function cellsOf(object: KubeObject, beside?: Beside): readonly string[] {
  const { header, row } = columnsOf(object.kind);
  const found = row(object, beside);
  if (found.length !== header.length) throw new Error(`${object.kind} has not a cell for each column`);
  return found.filter((_cell, index) => header[index] !== 'AGE');
}

/** A lab with these objects. */
function labOf(...objects: readonly KubeObject[]): Pick<LabClient, 'objects'> {
  return { objects: async (kind) => objects.filter((object) => object.kind === kind) };
}

test('a route for a Service without a waypoint is told that it has no effect there', async (t) => {
  const parentRefs = [
    { group: '', kind: 'Service', name: 'cart' },
    { group: '', kind: 'Service', name: 'pay' },
    { group: '', kind: 'Service', name: 'nosuch' },
  ];
  const found = kept('HTTPRoute', { spec: { parentRefs } });
  const cart = kept('Service', { name: 'cart' });
  const pay = (labels: Kept['labels']) => kept('Service', { name: 'pay', labels });
  const effectless = async (...objects: readonly KubeObject[]) =>
    (await objectNotes(labOf(...objects), [found]))
      .get(found)
      ?.map((note) => /^no effect on Service (\S+), /.exec(note)?.[1]);
  t.same(await effectless(cart, pay({ 'istio.io/use-waypoint': 'waypoint' })), ['shop/cart']);
  const labels = { 'istio.io/use-waypoint': 'waypoint' };
  const namespace = kept('Namespace', { name: 'shop', labels });
  t.same(await effectless(cart, pay({}), namespace), undefined);
  t.same(await effectless(cart, pay({ 'nodemesh.io/use-waypoint': 'none' }), namespace), ['shop/pay']);
  t.match(cellsOf(found, { notes: ['no effect'] }).at(-1), 'no effect');
  const known = new Set(['HTTPRoute shop/other']);
  t.match(await absentRoutes(labOf(found, cart), known, 'shop'), [
    /^HTTPRoute shop\/r is at no waypoint: no effect on Service shop\/cart/,
  ]);
  t.same(await absentRoutes(labOf(found, cart), new Set(['HTTPRoute shop/r']), 'shop'), []);
});

test('a Service is listed with the waypoint that a label asks for, and with why it cannot be had', async (t) => {
  const conditions = [condition('istio.io/WaypointBound', 'False', 'waypoint "shop/nosuch" does not exist')];
  const service = kept('Service', { spec: { ports: [{ port: 80 }] }, status: { conditions } });
  t.same(cellsOf(service, { waypoint: 'shop/nosuch' }), [
    'r',
    'ClusterIP',
    '<none>',
    '80/TCP',
    'shop/nosuch',
    'waypoint "shop/nosuch" does not exist',
  ]);
  t.equal(cellsOf(kept('Service')).at(-2), '-');
  const labels = { 'nodemesh.io/use-waypoint': 'w', 'nodemesh.io/use-waypoint-namespace': 'infra' };
  t.equal(wantedWaypoint({ namespace: 'shop', labels }, { 'istio.io/use-waypoint': 'x' }), 'infra/w');
});

test('a number without an end is not said to have one', async (t) => {
  const { problems } = await inspectAll(manifests(route('{ rules: [{ retry: { attempts: 0 } }] }')));
  t.same([...problems.values()], ['spec.rules[0].retry.attempts: expected a whole number from 1, got 0']);
});

test('a label with a value that it does not have is told, with what it stands for', async (t) => {
  const said: string[] = [];
  const stderr = { write: (text: string) => said.push(text) } as unknown as NodeJS.WriteStream;
  const labels = {
    'nodemesh.io/waypoint-failure': 'opn',
    'nodemesh.io/waypoint-bypass': 'refuse',
    'istio.io/dataplane-mode': 'ambiant',
  };
  warnOfLabelValues({ stderr, colours: pc.createColors(false) }, labels);
  t.same(said, [
    'warning: istio.io/dataplane-mode: expected ambient or none, got "ambiant": it has no effect\n',
    'warning: nodemesh.io/waypoint-failure: expected refuse or open, got "opn": it stands for refuse\n',
  ]);
});

test('policies are listed with their targets, and whether proxies could make sense of them', async (t) => {
  const conditions = [
    { ...condition('ZtunnelAccepted', 'True', 'attached'), reason: 'Accepted' },
    { ...condition('WaypointAccepted', 'False', 'not understood'), reason: 'Invalid' },
  ];
  const targetRefs = [{ kind: 'Service', name: 'cart' }];
  const spec = { action: 'DENY', targetRefs };
  const annotations = { 'istio.io/dry-run': 'true' };
  t.same(cellsOf(kept('AuthorizationPolicy', { spec, annotations, status: { conditions } })), [
    'r',
    'DENY (dry run)',
    'service/cart',
    'False',
    'not understood',
  ]);
  const jwtRules = [{ issuer: 'https://a' }, { issuer: 'b' }];
  const matchLabels = { app: 'cart', tier: 'web' };
  t.same(cellsOf(kept('RequestAuthentication', { spec: { jwtRules, selector: { matchLabels } } })), [
    'r',
    'https://a,b',
    'app=cart,tier=web',
    'Unknown',
    '',
  ]);
  t.same(cellsOf(kept('PeerAuthentication', { spec: { mtls: { mode: 'STRICT' } } })), [
    'r',
    'STRICT',
    '<all>',
    'Unknown',
    '',
  ]);
});

test('routes are listed with what became of them', async (t) => {
  const cells = (kind: string, spec: object, status: object = {}): readonly string[] =>
    cellsOf(kept(kind, { spec, status }));
  const parentRefs = [
    { kind: 'Service', name: 'cart', port: 80 },
    { name: 'gw', namespace: 'infra' },
  ];
  const parents = [
    { conditions: [condition('Accepted', 'True', 'fine'), condition('ResolvedRefs', 'False', 'gone')] },
    {
      conditions: [
        condition('Accepted', 'False', 'no'),
        condition('PartiallyInvalid', 'True', 'Dropped Rule'),
      ],
    },
  ];
  t.same(cells('HTTPRoute', { parentRefs, hostnames: ['a.b'] }, { parents }), [
    'r',
    'a.b',
    'service/cart:80,gateway/infra/gw',
    'Partly',
    'gone; no; Dropped Rule',
  ]);
  t.same(cells('TCPRoute', {}), ['r', '*', '<none>', 'Unknown', '']);
  t.same(
    cells('GatewayClass', { controllerName: 'a.b/c' }, { conditions: [condition('Accepted', 'True', '')] }),
    ['r', 'a.b/c', 'True'],
  );
  t.same(cells('Gateway', { gatewayClassName: 'istio-waypoint' }, { addresses: [{ value: '10.0.0.1' }] }), [
    'r',
    'istio-waypoint',
    '10.0.0.1',
    'Unknown',
  ]);
  t.same(
    cells('ReferenceGrant', {
      from: [{ kind: 'HTTPRoute', namespace: 'a' }],
      to: [{ kind: 'Service', name: 'b' }],
    }),
    ['r', 'HTTPRoute in a', 'Service/b'],
  );
});

test('beside Istio its labels and annotations are shown as Istio’s', async (t) => {
  const theirs = { 'istio.io/dataplane-mode': 'ambient', 'istio.io/use-waypoint': 'w' };
  const namespace = kept('Namespace', { labels: { ...theirs, 'nodemesh.io/dataplane-mode': 'none' } });
  t.equal(cellsOf(namespace).at(-1), 'none');
  t.equal(cellsOf(namespace, { sideBySide: true }).at(-1), 'none, Istio: ambient');
  t.equal(cellsOf(kept('Namespace'), { sideBySide: true }).at(-1), '-');
  const pod = kept('Pod', {
    spec: { containers: [] },
    annotations: { 'ambient.istio.io/redirection': 'enabled' },
  });
  t.equal(cellsOf(pod).at(-1), 'captured');
  t.equal(cellsOf(pod, { sideBySide: true }).at(-1), "Istio's");
  const service = { namespace: 'shop', labels: theirs };
  t.equal(wantedWaypoint(service), 'shop/w');
  t.equal(wantedWaypoint(service, {}, { sideBySide: true }), undefined);
  const settings = JSON.stringify({ sideBySide: true });
  const record = {
    ...kept('ConfigMap', { name: 'nodemesh-installation' }),
    data: { version: '1', settings },
  };
  const installed = { ...record, metadata: { ...record.metadata, namespace: 'nodemesh-system' } };
  const route = kept('HTTPRoute', { spec: { parentRefs: [{ group: '', kind: 'Service', name: 'cart' }] } });
  const cart = kept('Service', { name: 'cart', labels: theirs });
  t.match(
    (await objectNotes(labOf(cart, installed), [route])).get(route)?.[0],
    'not bound to a waypoint (label nodemesh.io/use-waypoint)',
  );
  t.equal((await objectNotes(labOf(cart), [route])).get(route), undefined);
});
