import { globSync, readFileSync } from 'node:fs';
import { test } from 'tap';
import { columnsOf } from '../../src/cli/lab/objects/object-columns.ts';
import { inspectAll, requireValid } from '../../src/cli/lab/objects/validate.ts';
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
  t.same([...misspelt.notices.values()], ['spec.hostname, spec.rules[0].match']);
  const others =
    'apiVersion: v1\nkind: Pod\nmetadata: { name: p }\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: UDPRoute\nmetadata: { name: u }\n';
  t.equal((await inspectAll(manifests(others))).problems.size, 0, 'other kinds are not for it to judge');
});

test('routes are listed with what became of them', async (t) => {
  const condition = (type: string, status: string, message: string) => ({ type, status, message });
  const object = (kind: string, spec: object, status: object): KubeObject => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind,
    metadata: {
      name: 'r',
      namespace: 'shop',
      uid: '',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: new Date().toISOString(),
      labels: {},
      annotations: {},
    },
    spec,
    status,
  });
  const cells = (kind: string, spec: object, status: object = {}): readonly string[] => {
    const { header, row } = columnsOf(kind);
    const found = row(object(kind, spec, status));
    t.equal(found.length, header.length, `${kind} has a cell for each column`);
    return found.filter((_cell, index) => header[index] !== 'AGE');
  };
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
