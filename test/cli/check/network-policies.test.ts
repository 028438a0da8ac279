import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'tap';
import { stringify } from 'yaml';
import { blockingPolicies } from '../../../src/cli/check/network-policies.ts';
import type { ManifestObject } from '../../../src/lab/index.ts';
import { nodemesh } from '../../lab/support/lab-fixture.ts';

function object(
  kind: string,
  name: string,
  labels: Readonly<Record<string, string>>,
  spec: object = {},
): ManifestObject {
  const namespace = kind === 'Namespace' ? {} : { namespace: 'shop' };
  return { apiVersion: 'v1', kind, metadata: { name, labels, ...namespace }, spec };
}

const MESH = object('Namespace', 'shop', { 'istio.io/dataplane-mode': 'ambient' });
const CART = object('Pod', 'cart-1', { app: 'cart' });

function policy(name: string, spec: object): ManifestObject {
  return object('NetworkPolicy', name, {}, { podSelector: { matchLabels: { app: 'cart' } }, ...spec });
}

const open = (port: unknown, more: object = {}): object => ({
  ingress: [{ from: [{ podSelector: {} }], ports: [{ port, ...more }] }],
});

function blamed(...objects: readonly ManifestObject[]): readonly string[] {
  return blamedIn(objects, { sideBySide: false });
}

function blamedIn(
  objects: readonly ManifestObject[],
  claims: Parameters<typeof blockingPolicies>[1],
): readonly string[] {
  return blockingPolicies(objects, claims).map(
    ({ policy: name, direction, pods }) => `${name} ${direction} ${pods}`,
  );
}

test("a policy that lets only an application's port in keeps the mesh out", async (t) => {
  t.same(blamed(MESH, CART, policy('only-8080', open(8080))), ['only-8080 Ingress cart-1']);
  t.same(blamed(MESH, CART, policy('named', open('hbone'))), ['named Ingress cart-1']);
  t.same(blamed(MESH, CART, policy('udp', open(15_008, { protocol: 'UDP' }))), ['udp Ingress cart-1']);
  t.same(blamed(MESH, CART, policy('deny-all', {})), ['deny-all Ingress cart-1']);
});

test('a policy that lets the port through is not blamed, nor one beside it', async (t) => {
  for (const fine of [open(15_008), open(15_000, { endPort: 15_010 }), { ingress: [{}] }, open(undefined)])
    t.same(
      blamed(MESH, CART, policy('fine', fine), policy('only-8080', open(8080))),
      [],
      JSON.stringify(fine),
    );
});

test('side by side with Istio, what Istio’s label takes is none of ours', async (t) => {
  const own = object('Namespace', 'shop', { 'nodemesh.io/dataplane-mode': 'ambient' });
  const denied = policy('deny-all', {});
  t.same(blamedIn([MESH, CART, denied], { sideBySide: true }), []);
  t.same(blamedIn([own, CART, denied], { sideBySide: true }), ['deny-all Ingress cart-1']);
});

test('egress is judged only where the policy judges it', async (t) => {
  t.same(
    blamed(MESH, CART, policy('dns', { policyTypes: ['Egress'], egress: [{ ports: [{ port: 53 }] }] })),
    ['dns Egress cart-1'],
  );
  t.same(blamed(MESH, CART, policy('none', { policyTypes: [], egress: [] })), []);
});

test('pods outside of the mesh, of other namespaces and that are not selected do not count', async (t) => {
  const left = object('Pod', 'cart-1', { app: 'cart', 'istio.io/dataplane-mode': 'none' });
  const other = object('Pod', 'web-1', { app: 'web' });
  t.same(blamed(MESH, left, other, policy('only-8080', open(8080))), []);
  t.same(blamed(CART, policy('only-8080', open(8080))), []);
});

test('where there are no pods yet, what makes them counts', async (t) => {
  const deployment = object(
    'Deployment',
    'cart',
    {},
    { template: { metadata: { labels: { app: 'cart' } } } },
  );
  t.same(blamed(MESH, deployment, policy('only-8080', open(8080))), ['only-8080 Ingress cart']);
});

test('check -f names the policy in the way with what to add, and exits with 1', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nodemesh-check-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'shop.yaml');
  const objects = [MESH, CART, policy('only-8080', open(8080))];
  writeFileSync(file, objects.map((each) => stringify(each)).join('---\n'));
  const { code, stdout } = await nodemesh(['check', '--pre', '-f', file]);
  t.equal(code, 1);
  t.match(
    stdout,
    /✗ NetworkPolicies and port 15008: shop\/only-8080 lets nothing through to cart-1 on TCP 15008\n {2}hint: add a rule/,
  );
  t.match(stdout, /· RBAC of controller and ztunnels: not seen: no cluster was looked at/);
});
