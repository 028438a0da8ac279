import { test } from 'tap';
import { createSigningRequest } from '../../src/identity/index.ts';
import { type EnrolmentState, workloadIdentity, type WorkloadUid } from '../../src/model/index.ts';
import { runController } from './support/running-controller.ts';

const namespace = (name: string, labels: Readonly<Record<string, string>> = {}) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
});

const pod = (
  name: string,
  address: string,
  extra: Readonly<Record<string, unknown>> = {},
  node = 'node-1',
) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, labels: { app: name }, ...extra },
  spec: { nodeName: node, serviceAccountName: name, containers: [] },
  status: { phase: 'Running', podIP: address, conditions: [{ type: 'Ready', status: 'True' }] },
});

const service = (name: string, address: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'shop' },
  spec: {
    clusterIP: address,
    selector: { app: name },
    ports: [{ name: 'http', port: 80, targetPort: 8080 }],
  },
});

const CART = 'Kubernetes//Pod/shop/cart' as WorkloadUid;
const TILL = 'Kubernetes//Pod/shop/till' as WorkloadUid;
const ambient = { 'istio.io/dataplane-mode': 'ambient' };
const identity = (serviceAccount: string) =>
  workloadIdentity({ trustDomain: 'cluster.local', namespace: 'shop', serviceAccount });

test('a node sees the mesh, and what changes in it', async (t) => {
  const running = await runController(t, {
    objects: {
      shop: namespace('shop'),
      cart: pod('cart', '10.244.1.2'),
      'cart-service': service('cart', '10.96.0.1'),
    },
  });
  const view = await running.connect('node-1');
  t.match(view.workloads.get(CART), {
    addresses: ['10.244.1.2'],
    tunnelProtocol: 'none',
    status: 'healthy',
    serviceAccount: 'cart',
    node: 'node-1',
  });
  t.same(
    [...(view.workloads.get(CART)?.services ?? [])],
    [['shop/cart.shop.svc.cluster.local', [{ servicePort: 80, targetPort: 8080, appProtocol: 'unknown' }]]],
  );
  t.equal(view.services.size, 1);
  t.equal(view.bundles.size, 1);

  await running.apply('strict', {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name: 'default', namespace: 'istio-system' },
    spec: { mtls: { mode: 'STRICT' } },
  });
  const strict = 'istio-system/istio_converted_static_strict';
  await view.until('strict', () => view.workloads.get(CART)?.authorizationPolicies[0] === strict);
  await view.until('the policy itself', () => view.policies.has(strict));
  await running.remove('cart');
  await view.until('the pod to go', () => !view.workloads.has(CART));
  await running.remove('strict');
  await view.until('the policy to go', () => view.policies.size === 0);
});

test('a label has pods enrolled, and their node alone is told', async (t) => {
  const running = await runController(t, {
    objects: { shop: namespace('shop'), cart: pod('cart', '10.244.1.2') },
  });
  const [own, other] = [await running.connect('node-1'), await running.connect('node-2')];
  t.equal(own.enrolments.size, 0);
  await running.apply('shop', namespace('shop', ambient));
  await own.until('the enrolment', () => own.enrolments.has(CART));
  t.match(own.enrolments.get(CART), { name: 'cart', isNew: false, identity: identity('cart') });
  t.equal(other.enrolments.size, 0);
  await running.apply('shop', namespace('shop'));
  await own.until('the end of the enrolment', () => own.enrolments.size === 0);
});

test('nodes know of every namespace whether its pods join, and of their own pods which do not', async (t) => {
  const outsider = (node: string) =>
    pod('till', '', { labels: { 'istio.io/dataplane-mode': 'none' }, uid: 'u-till' }, node);
  const running = await runController(t, {
    objects: { shop: namespace('shop', ambient), plain: namespace('plain'), till: outsider('node-1') },
  });
  const [own, other] = [await running.connect('node-1'), await running.connect('node-2')];
  const bystander = {
    kind: 'bystander',
    uid: TILL,
    kubernetesUid: 'u-till',
    namespace: 'shop',
    name: 'till',
  };
  const everywhere = ['namespace/plain', 'namespace/shop'];
  t.same([...other.memberships.keys()].sort(), everywhere);
  t.same(other.memberships.get('namespace/shop'), { kind: 'namespace', namespace: 'shop', joins: true });
  t.match(other.memberships.get('namespace/plain'), { joins: false });
  t.same(own.memberships.get(`pod/${TILL}`), bystander);

  await running.apply('till', pod('till', '', { uid: 'u-till' }));
  await own.until('it joins', () => !own.memberships.has(`pod/${TILL}`) && own.enrolments.has(TILL));
  t.match(own.enrolments.get(TILL), { addresses: [], isNew: true }, 'before it has an address');
  await running.apply('till', outsider('node-1'));
  await own.until('it stays outside', () => own.memberships.has(`pod/${TILL}`) && own.enrolments.size === 0);
  await running.apply('shop', namespace('shop'));
  await own.until('it follows its namespace', () => own.memberships.size === 2);
  t.match(own.memberships.get('namespace/shop'), { joins: false });
});

test('what a node reports is announced at once, acknowledged by all, and written to the pod', async (t) => {
  const running = await runController(t, {
    objects: { shop: namespace('shop', ambient), cart: pod('cart', '10.244.1.2') },
  });
  const [own, other] = [await running.connect('node-1'), await running.connect('node-2')];
  const report = (state: 'prepared' | 'captured' | 'leaving' | 'failed', generation: number) =>
    own.client.reportNode({
      node: 'node-1',
      generation,
      pods: [{ uid: CART, state, errorCode: state === 'failed' ? 'ERR_X' : '', error: 'no' }],
    });
  t.same(await report('prepared', 1), { acknowledged: true });
  t.equal(other.workloads.get(CART)?.tunnelProtocol, 'hbone', 'before the answer, so before the nat rules');
  t.same(running.writes, [
    'annotate shop/cart {"uid":"uid-cart","annotations":{"ambient.istio.io/redirection":"enabled"}}',
  ]);

  await running.apply(
    'cart',
    pod('cart', '10.244.1.2', { annotations: { 'ambient.istio.io/redirection': 'enabled' } }),
  );
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.equal(other.workloads.get(CART)?.tunnelProtocol, 'hbone', 'the annotation says the same');

  t.same(await report('leaving', 3), { acknowledged: true });
  t.equal(other.workloads.get(CART)?.tunnelProtocol, 'none', 'although the annotation is still there');
  t.same(await report('prepared', 2), { acknowledged: false }, 'a late report undoes nothing');
  t.equal(other.workloads.get(CART)?.tunnelProtocol, 'none');
  t.match(running.writes.at(-1), /redirection":null/);

  await report('failed', 4);
  t.ok(running.writes.some((write) => write.startsWith('event shop/cart') && write.includes('ERR_X')));
  await t.rejects(own.client.reportNode({ node: 'node-2', generation: 1, pods: [] }), {
    code: 'ERR_WIRE_PERMISSION_DENIED',
  });
});

test('pods that join together wait for one another, and for nobody whose proxy is away', async (t) => {
  const running = await runController(t, {
    objects: {
      shop: namespace('shop', ambient),
      cart: pod('cart', '10.244.1.2'),
      till: pod('till', '10.244.2.2', {}, 'node-2'),
    },
  });
  const own = await running.connect('node-1');
  await own.until('the enrolment', () => own.enrolments.has(CART));
  let generation = 0;
  const report = (node: 'node-1' | 'node-2', state: EnrolmentState, client = own.client) =>
    client.reportNode({
      node,
      generation: ++generation,
      pods: [{ uid: node === 'node-1' ? CART : TILL, state, errorCode: '', error: '' }],
    });
  const others = () =>
    own.client.reportNode({ node: 'node-1', generation: ++generation, pods: [], awaitsOthers: true });
  await report('node-1', 'sending');
  t.same(await others(), { acknowledged: true }, 'no proxy serves node-2');
  const other = await running.connect('node-2');
  await other.until('the enrolment', () => other.enrolments.has(TILL));
  const waiting = others();
  let answered = false;
  void waiting.then(() => {
    answered = true;
  });
  await report('node-2', 'prepared', other.client);
  t.equal(answered, false, 'the other is not as far');
  await report('node-2', 'sending', other.client);
  t.same(await waiting, { acknowledged: true });

  await report('node-1', 'captured');
  await report('node-2', 'captured', other.client);
  await running.apply('shop', namespace('shop'));
  await own.until('the end of the enrolment', () => own.enrolments.size === 0);
  await report('node-1', 'leaving');
  const leaving = others();
  await report('node-2', 'leaving', other.client);
  t.same(await leaving, { acknowledged: true });
});

test('a pod that takes the name of another is not announced by what was reported of that', async (t) => {
  const running = await runController(t, {
    objects: { shop: namespace('shop', ambient), cart: pod('cart', '10.244.1.2') },
  });
  const view = await running.connect('node-1');
  const pods = [{ uid: CART, state: 'captured', errorCode: '', error: '' }] as const;
  await view.client.reportNode({ node: 'node-1', generation: 1, pods });
  t.equal(view.workloads.get(CART)?.tunnelProtocol, 'hbone');
  await running.apply('cart', pod('cart', '10.244.1.3', { uid: 'another' }));
  await view.until('the new address', () => view.workloads.get(CART)?.addresses[0] === '10.244.1.3');
  t.equal(view.workloads.get(CART)?.tunnelProtocol, 'none');
});

test('a node gets certificates for the pods on it and for no others', async (t) => {
  const elsewhere = { ...pod('payments', '10.244.2.2') };
  elsewhere.spec = { ...elsewhere.spec, nodeName: 'node-2' };
  const running = await runController(t, {
    objects: { cart: pod('cart', '10.244.1.2'), payments: elsewhere },
    config: { svidTtlMs: 3_600_000 },
  });
  const ask = async (account: string, token: () => Promise<string>, wanted = true) => {
    const { csrPem } = await createSigningRequest(identity(account));
    const impersonated = wanted ? identity(account) : undefined;
    return running.client(token).createCertificate({ csrPem, ttlMs: 86_400_000, impersonated });
  };
  const node = () => running.token();
  const { chainPem } = await ask('cart', node);
  t.ok(chainPem.length >= 2);
  const refused = { code: 'ERR_WIRE_PERMISSION_DENIED' };
  await t.rejects(ask('payments', node), { ...refused, message: /no pod with the service account/ });
  await t.rejects(
    ask('cart', () => running.token({ namespace: 'shop', account: 'cart', pod: 'cart' })),
    {
      ...refused,
      message: /own identity only/,
    },
  );
  await t.rejects(
    ask('cart', () => running.token({ pod: '' })),
    { ...refused, message: /bound to a pod/ },
  );
  const own = () => running.token({ namespace: 'shop', account: 'cart', pod: 'cart', podUid: 'uid-cart' });
  t.ok((await ask('cart', own, false)).chainPem.length >= 2, 'its own identity needs no impersonation');
  await t.rejects(ask('payments', own, false), { code: 'ERR_WIRE_INVALID_REQUEST' });
});

test('callers without a good token are turned away with the reason', async (t) => {
  const running = await runController(t);
  const csr = await createSigningRequest(identity('cart'));
  const ask = (token: () => Promise<string>) =>
    running.client(token).createCertificate({ csrPem: csr.csrPem, ttlMs: 0, impersonated: undefined });
  const refused = { code: 'ERR_WIRE_UNAUTHENTICATED' };
  await t.rejects(
    ask(async () => 'nonsense'),
    refused,
  );
  await t.rejects(
    ask(() => running.token({ audience: 'somebody-else' })),
    { ...refused, message: /aud/ },
  );
  await t.rejects(
    ask(() => running.token({ lifetimeS: -60 })),
    { ...refused, message: /exp/ },
  );
  const token = await running.token();
  const [head = '', , signature = ''] = token.split('.');
  const forged = Buffer.from(JSON.stringify({ sub: 'x', aud: 'istio-ca', exp: 4e9 })).toString('base64url');
  await t.rejects(
    ask(async () => `${head}.${forged}.${signature}`),
    refused,
  );
});

test('policies tell their authors what the nodes make of them, and broken ones deny', async (t) => {
  const running = await runController(t, { objects: { cart: pod('cart', '10.244.1.2') } });
  const view = await running.connect('node-1');
  const policy = (spec: unknown) => ({
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'cart', namespace: 'shop', generation: 2 },
    spec,
  });
  const selector = { matchLabels: { app: 'cart' } };
  await running.apply(
    'policy',
    policy({ selector, rules: [{ from: [{ source: { namespaces: ['shop'] } }] }] }),
  );
  await view.until('the policy', () => view.policies.get('shop/cart')?.action === 'allow');
  await view.until('its listing', () => view.workloads.get(CART)?.authorizationPolicies.length === 1);
  t.match(running.writes.at(-1), /"ZtunnelAccepted".*"True".*"Accepted"/);
  await running.apply('policy', policy({ selector, rules: [{ form: [] }] }));
  await view.until('the refusal', () => view.policies.get('shop/cart')?.action === 'deny');
  t.same(view.policies.get('shop/cart')?.rules, [{ clauses: [] }], 'of everything');
  t.match(
    view.policies.get('shop/cart')?.notUnderstood,
    /spec\.rules\[0\]\.form/,
    'and everybody can say why',
  );
  t.same(view.workloads.get(CART)?.authorizationPolicies, ['shop/cart'], 'for what it selects');
  const conditions = running.writes.filter((write) => write.startsWith('status'));
  t.match(conditions.at(-1), /"False".*"Invalid".*spec\.rules\[0\]\.form/);
  t.match(running.writes.at(-1), /^event shop\/cart .*InvalidObject/);
  const problems = (await (await fetch(running.adminUrl('/debug/problems'))).json()) as unknown[];
  t.match(problems, [{ field: 'spec.rules[0].form', file: 'policy.yaml' }]);
});

test('a root is rotated by three requests while everybody stays connected', async (t) => {
  const running = await runController(t, { objects: { cart: pod('cart', '10.244.1.2') } });
  const view = await running.connect('node-1');
  const step = async (query: string): Promise<number> => {
    const response = await fetch(running.adminUrl(`/ca/rotate-root?${query}`), { method: 'POST' });
    await response.text();
    return response.status;
  };
  const roots = () =>
    view.bundles.get('cluster.local')?.rootsPem.length ?? [...view.bundles.values()][0]?.rootsPem.length;
  t.equal(roots(), 1);
  t.equal(await step('step=activate'), 409);
  t.equal(await step('step=add'), 200);
  await view.until('two roots', () => roots() === 2);
  t.equal(await step('step=activate'), 200);
  const { csrPem } = await createSigningRequest(identity('cart'));
  const request = { csrPem, ttlMs: 0, impersonated: identity('cart') };
  t.ok((await running.client().createCertificate(request)).chainPem.length > 0, 'new connections work');
  t.equal(await step('step=remove'), 409, 'certificates under the old one are in use');
  t.equal(await step('step=remove&force=true'), 200);
  await view.until('one root', () => roots() === 1);
  t.ok((await running.client().createCertificate(request)).chainPem.length > 0);
  t.equal(await step('step=dance'), 400);
});

test('a certificate is revoked by a request that answers once every proxy knows', async (t) => {
  const running = await runController(t, { objects: { cart: pod('cart', '10.244.1.2') } });
  const view = await running.connect('node-1');
  const ask = async (method: string, path: string) => {
    const response = await fetch(running.adminUrl(path), { method });
    return { status: response.status, text: await response.text() };
  };
  const lists = () => [...view.bundles.values()][0]?.crlsPem.length;
  t.equal(lists(), 0);
  t.match(await ask('GET', '/ca/revoked'), { status: 200, text: '[]' });
  const answer = await ask('POST', '/ca/revoke?serial=00aB');
  t.equal(answer.status, 200);
  t.match(JSON.parse(answer.text), { serial: 'AB', acknowledged: true });
  t.equal(lists(), 1, 'it has been told by then');
  t.match(JSON.parse((await ask('POST', '/ca/revoke?serial=ab')).text), { serial: 'AB', acknowledged: true });
  t.match(JSON.parse((await ask('GET', '/ca/revoked')).text), [{ serial: 'AB' }], 'once');
  t.match(await ask('POST', '/ca/revoke'), { status: 400, text: /\?serial=HEX/ });
  t.match(await ask('POST', '/ca/revoke?serial=xyz'), { status: 400, text: /expected a serial number.*xyz/ });
});

test('readiness, metrics and the debug pages answer', async (t) => {
  const running = await runController(t, { objects: { cart: pod('cart', '10.244.1.2') } });
  const get = async (path: string): Promise<string> => (await fetch(running.adminUrl(path))).text();
  t.equal(await get('/healthz/ready'), 'ready\n');
  t.match(await get('/metrics'), /nodemesh_controller_workloads 1/);
  for (const path of ['workloads', 'services', 'policies', 'enrolments', 'proxies']) {
    t.ok(Array.isArray(JSON.parse(await get(`/debug/${path}`))), path);
  }
});

test('on an address that others reach, nothing can be changed', async (t) => {
  const running = await runController(t, {
    config: { adminListen: { host: '0.0.0.0', port: 0 }, operatorListen: { host: '127.0.0.1', port: 0 } },
  });
  const { admin, operator } = running.controller.addresses;
  const post = (port: number | undefined) =>
    fetch(`http://127.0.0.1:${port}/ca/rotate-root?step=add`, { method: 'POST' });
  t.equal((await post(admin?.port)).status, 404);
  t.equal((await post(operator?.port)).status, 200);
  const revoke = (port: number | undefined) =>
    fetch(`http://127.0.0.1:${port}/ca/revoke?serial=ab`, { method: 'POST' });
  t.equal((await revoke(admin?.port)).status, 404);
  t.equal((await revoke(operator?.port)).status, 200);
});
