import { writeFile } from 'node:fs/promises';
import { test } from 'tap';
import { createKubernetesApi, type WatchEvent } from '../../../src/controller/kubernetes/index.ts';
import { connected, GATEWAYS, LEASES, NODES, PODS, pod } from './support.ts';

const CART = { resource: PODS, namespace: 'shop', name: 'cart' };

test('objects are made, read, changed and deleted', async (t) => {
  const { api } = await connected(t);
  const made = await api.create({ resource: PODS, namespace: 'shop' }, pod('cart', { app: 'cart' }));
  t.match(made, { kind: 'Pod', metadata: { name: 'cart', namespace: 'shop', uid: /-/ } });
  t.match(await api.get(CART), { metadata: { labels: { app: 'cart' } } });
  await api.patch(CART, { type: 'merge', body: { metadata: { labels: { app: null, tier: 'web' } } } });
  t.same((await api.get(CART)).metadata.labels, { tier: 'web' });
  await api.patch(CART, {
    type: 'json',
    body: [{ op: 'replace', path: '/metadata/labels/tier', value: 'back' }],
  });
  t.same((await api.get(CART)).metadata.labels, { tier: 'back' });
  await api.delete(CART);
  await t.rejects(api.get(CART), { code: 'ERR_KUBERNETES_NOT_FOUND', status: 404, retryable: false });
});

test('a write from an old version is a conflict, a second one of the same name is told apart from it', async (t) => {
  const { api } = await connected(t);
  const first = await api.create({ resource: LEASES, namespace: 'shop' }, { metadata: { name: 'one' } });
  const target = { resource: LEASES, namespace: 'shop', name: 'one' };
  await api.update(target, { ...first, spec: { holderIdentity: 'a' } });
  await t.rejects(api.update(target, { ...first, spec: { holderIdentity: 'b' } }), {
    code: 'ERR_KUBERNETES_CONFLICT',
    retryable: true,
  });
  await t.rejects(api.create({ resource: LEASES, namespace: 'shop' }, { metadata: { name: 'one' } }), {
    code: 'ERR_KUBERNETES_EXISTS',
  });
  await t.rejects(api.delete(target, { uid: 'another' }), { code: 'ERR_KUBERNETES_CONFLICT' });
});

test('status is written by its own path, and a pod lets its annotations be written with it', async (t) => {
  const { api, fake } = await connected(t);
  fake.put(pod('cart'));
  const body = {
    metadata: { annotations: { a: 'b' } },
    status: { phase: 'Running' },
    spec: { nodeName: 'x' },
  };
  await api.patch({ ...CART, subresource: 'status' }, { type: 'merge', body });
  const now = await api.get(CART);
  t.match(now, { metadata: { annotations: { a: 'b' } }, status: { phase: 'Running' } });
  t.equal(now.spec, undefined);
  fake.put({ kind: 'Gateway', metadata: { name: 'w', namespace: 'shop' } });
  const gateway = { resource: GATEWAYS, namespace: 'shop', name: 'w' };
  await api.patch(gateway, { type: 'merge', body: { status: { addresses: [] } } });
  t.equal((await api.get(gateway)).status, undefined);
});

test('server-side apply keeps the fields of others, and takes them only by force', async (t) => {
  const { api } = await connected(t);
  const target = { resource: GATEWAYS, namespace: 'shop', name: 'w' };
  const apply = (manager: string, spec: object, force = false) =>
    api.patch(
      target,
      { type: 'apply', body: { metadata: { name: 'w' }, spec }, force },
      { fieldManager: manager },
    );
  await apply('nodemesh', { size: 1, colour: 'red' });
  await apply('somebody', { height: 3 });
  await t.rejects(apply('somebody', { height: 3, size: 2 }), {
    code: 'ERR_KUBERNETES_CONFLICT',
    message: /nodemesh/,
  });
  t.same(
    (await apply('nodemesh', { size: 1 })).spec,
    { size: 1, height: 3 },
    'what is no longer applied goes',
  );
  t.same((await apply('somebody', { height: 3, size: 2 }, true)).spec, { size: 2, height: 3 });
});

test('lists come in pages, selected, and with metadata alone where that is asked for', async (t) => {
  const { api, fake } = await connected(t);
  for (const name of ['a', 'b', 'c', 'd', 'e'])
    fake.put({ ...pod(name, { app: name }), spec: { nodeName: 'n' } });
  const first = await api.list({ resource: PODS }, { limit: 2 });
  t.equal(first.items.length, 2);
  fake.remove('Pod', 'shop', 'e');
  const second = await api.list({ resource: PODS }, { limit: 2, next: first.next });
  const third = await api.list({ resource: PODS }, { limit: 2, next: second.next });
  t.same(
    third.items.map((item) => item.metadata.name),
    ['e'],
    'as it was when the list began',
  );
  t.equal(third.next, undefined);
  const some = await api.list(
    { resource: PODS },
    { labelSelector: 'app in (a,b)', fieldSelector: 'metadata.name!=b' },
  );
  t.same(
    some.items.map((item) => item.metadata.name),
    ['a'],
  );
  const [bare] = (await api.list({ resource: PODS }, { metadataOnly: true })).items;
  t.equal(bare?.spec, undefined);
  fake.store.compact();
  await t.rejects(api.list({ resource: PODS }, { limit: 2, next: first.next }), {
    code: 'ERR_KUBERNETES_GONE',
  });
});

test('a watch brings what happened since, and ends in good order or with what went wrong', async (t) => {
  const { api, fake } = await connected(t);
  const { resourceVersion } = await api.list({ resource: PODS });
  fake.put(pod('one'));
  const got: WatchEvent[] = [];
  const watching = api.watch(
    { resource: PODS },
    { resourceVersion, timeoutSeconds: 240, onEvents: (events) => got.push(...events) },
  );
  await until(() => got.length === 1);
  fake.put(pod('one', { app: 'x' }));
  fake.remove('Pod', 'shop', 'one');
  fake.watches.bookmark();
  await until(() => got.length === 4);
  t.same(
    got.map(({ type }) => type),
    ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'],
  );
  fake.watches.drop(undefined, 'end');
  await watching;
  const old = { resourceVersion, timeoutSeconds: 240, onEvents: () => undefined };
  fake.store.compact();
  await t.rejects(api.watch({ resource: PODS }, old), { code: 'ERR_KUBERNETES_GONE', status: 410 });
  const fresh = { ...old, resourceVersion: String(fake.store.version) };
  const cut = api.watch({ resource: PODS }, fresh);
  await until(() => fake.watches.size === 1);
  fake.watches.drop();
  await t.rejects(cut, { code: 'ERR_KUBERNETES_UNREACHABLE', retryable: true });
});

test('a watch on which nothing comes any more is given up', async (t) => {
  const { api, fake } = await connected(t);
  const how = { resourceVersion: String(fake.store.version), timeoutSeconds: 600, onEvents: () => undefined };
  const watching = api.watch({ resource: PODS }, { ...how, silenceMs: 50 });
  await t.rejects(watching, { code: 'ERR_KUBERNETES_UNREACHABLE', message: /nothing came for 50 ms/ });
  await until(() => fake.watches.size === 0);
});

test('a call and a watch can be given up with a reason of the caller', async (t) => {
  const { api, fake } = await connected(t);
  fake.faults.add({ verb: 'get' }, { type: 'hang' });
  const reason = new Error('no longer wanted');
  await t.rejects(api.get(CART, { signal: AbortSignal.abort(reason) }), reason);
  const later = new AbortController();
  const waiting = api.get(CART, { signal: later.signal });
  setTimeout(() => later.abort(reason), 20);
  await t.rejects(waiting, reason);
  await t.rejects(api.get(CART, { timeoutMs: 30 }), { code: 'ERR_KUBERNETES_UNREACHABLE', retryable: true });
});

test('refusals are told apart', async (t) => {
  const { api, fake } = await connected(t);
  const refused = async (
    code: number,
    expected: { readonly code: string; readonly [field: string]: unknown },
    more: object = {},
  ): Promise<void> => {
    fake.faults.add({ verb: 'get' }, { type: 'status', code, ...more }, 1);
    await t.rejects(api.get(CART), expected, String(code));
  };
  await refused(403, { code: 'ERR_KUBERNETES_FORBIDDEN', retryable: false });
  await refused(
    429,
    { code: 'ERR_KUBERNETES_THROTTLED', retryAfterMs: 7_000, retryable: true },
    { retryAfterSeconds: 7 },
  );
  await refused(500, { code: 'ERR_KUBERNETES_UNREACHABLE', retryable: true });
  await refused(422, { code: 'ERR_KUBERNETES_INVALID', blame: 'local', retryable: false });
  fake.put(pod('cart'));
  fake.faults.add({ verb: 'get' }, { type: 'garble' }, 1);
  await t.rejects(api.get(CART), { code: 'ERR_KUBERNETES_ANSWER', retryable: true });
  fake.faults.add({ verb: 'get' }, { type: 'truncate' }, 1);
  await t.rejects(api.get(CART), { code: 'ERR_KUBERNETES_UNREACHABLE' });
  fake.faults.add({ verb: 'get' }, { type: 'drop' }, 1);
  await t.rejects(api.get(CART), { code: 'ERR_KUBERNETES_UNREACHABLE' });
  await fake.stop();
  await t.rejects(api.get(CART), { code: 'ERR_KUBERNETES_UNREACHABLE', message: /ECONNREFUSED/ });
});

test('what is served is asked by group and version', async (t) => {
  const { api, fake } = await connected(t);
  const served = await api.resources('gateway.networking.k8s.io/v1');
  t.match(
    served?.find(({ plural }) => plural === 'gatewayclasses'),
    { kind: 'GatewayClass', namespaced: false },
  );
  t.equal(await api.resources('nobody.example/v1'), undefined);
  t.ok((await api.resources('v1'))?.some(({ plural }) => plural === 'pods'));
  fake.faults.add({ verb: 'discover' }, { type: 'status', code: 503 });
  await t.rejects(api.resources('v1'), { code: 'ERR_KUBERNETES_UNREACHABLE' });
});

test('a token is reviewed', async (t) => {
  const { api, fake } = await connected(t);
  fake.reviewToken = ({ token, audiences }) => ({ authenticated: token === 'good', audiences });
  const reviews = {
    resource: { group: 'authentication.k8s.io', version: 'v1', plural: 'tokenreviews', namespaced: false },
  };
  const review = await api.create(reviews, { spec: { token: 'good', audiences: ['istio-ca'] } });
  t.match(review.status, { authenticated: true, audiences: ['istio-ca'] });
});

test('a token that is replaced in the kubeconfig is used as soon as the old one is refused', async (t) => {
  const { api, fake, kubeconfig } = await connected(t);
  fake.tokens = new Set(['operator']);
  await api.list({ resource: NODES });
  fake.tokens = new Set(['renewed']);
  await t.rejects(api.list({ resource: NODES }), { code: 'ERR_KUBERNETES_UNAUTHORIZED', retryable: true });
  fake.writeKubeconfig(kubeconfig, { token: 'renewed' });
  t.same((await api.list({ resource: NODES })).items, []);
});

test('a kubeconfig that is none is said to be none', async (t) => {
  const { kubeconfig } = await connected(t);
  const fails = async (file: string, context: string | undefined, message: RegExp): Promise<void> => {
    const api = createKubernetesApi({ access: { kind: 'kubeconfig', file, context } });
    await t.rejects(api.list({ resource: NODES }), { code: 'ERR_KUBERNETES_CONFIG', message });
    await api.close();
  };
  await fails('/nonexistent/config', undefined, /config: there is no such file$/);
  await fails(kubeconfig, 'other', /expected one of the contexts fake, got "other"/);
  await writeFile(kubeconfig, 'hello');
  await fails(kubeconfig, undefined, /config/);
});

test('no more is asked at once than is allowed, and what waits too long in line is refused', async (t) => {
  const limits = { inFlight: 2, waiting: 3 };
  const { api, fake } = await connected(t, {}, { limits });
  fake.faults.add({ verb: 'list' }, { type: 'slow', ms: 50 });
  const calls = Array.from({ length: 6 }, () => api.list({ resource: NODES }));
  const outcomes = await Promise.allSettled(calls);
  t.same(
    outcomes.map(({ status }) => status),
    [...Array(5).fill('fulfilled'), 'rejected'],
  );
  t.match(outcomes[5], { reason: { code: 'ERR_KUBERNETES_THROTTLED', blame: 'local' } });
  t.ok(fake.connections <= 2);
});

async function until(condition: () => boolean): Promise<void> {
  for (let round = 0; round < 3_000 && !condition(); round++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  if (!condition()) throw new Error('what was waited for did not come');
}
