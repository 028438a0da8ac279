import { test } from 'tap';
import { createSignal } from '../../../src/base/index.ts';
import type { KubernetesApi } from '../../../src/controller/kubernetes/index.ts';
import {
  createKubernetesSink,
  createSinkQueue,
  type ObjectStatus,
} from '../../../src/controller/sink/index.ts';
import type { FakeKubernetesApi } from '../../support/kubernetes-api/fake-kubernetes-api.ts';
import { startReplica, until } from './replica.ts';
import { connected } from './support.ts';

const ROUTES = 2_000;
const GROUP = 'gateway.networking.k8s.io';
const accepted = (reason: string) => ({
  type: 'Accepted',
  status: 'True' as const,
  reason,
  message: '',
  observedGeneration: 1,
});
const nameOf = (index: number): string => `route-${index}`;
const wanted = (index: number, over: Partial<ObjectStatus> = {}): ObjectStatus => ({
  apiVersion: `${GROUP}/v1`,
  kind: 'HTTPRoute',
  namespace: 'shop',
  name: nameOf(index),
  writer: 'route',
  conditions: [accepted('Accepted')],
  ...over,
});

/** A route with the status that some leader has written. */
function putRoute(fake: FakeKubernetesApi, index: number, reason: string): void {
  fake.put({
    apiVersion: `${GROUP}/v1`,
    kind: 'HTTPRoute',
    metadata: { namespace: 'shop', name: nameOf(index), generation: 1 },
    spec: {},
    status: { conditions: [{ ...accepted(reason), lastTransitionTime: '2029-01-01T00:00:00.000Z' }] },
  });
}

function reasonOf(fake: FakeKubernetesApi, index: number): string | undefined {
  const route = fake.get('HTTPRoute', 'shop', nameOf(index));
  return (route?.status as { conditions: { reason: string }[] } | undefined)?.conditions[0]?.reason;
}

/** A replica's queue, beside a leader until `lead` is called. */
function candidate(api: KubernetesApi) {
  const changes = createSignal<boolean>();
  const leadership = { leading: false, changes };
  const sink = createKubernetesSink({ api, instance: 'b' });
  const queue = createSinkQueue({ sink, leadership });
  const lead = (leading: boolean): void => {
    leadership.leading = leading;
    changes.emit(leading);
  };
  return { queue, lead };
}

const counted = (fake: FakeKubernetesApi): Readonly<Record<string, number>> => {
  const verbs = fake.requests.map(({ verb, subresource }) =>
    subresource === undefined ? verb : `${verb} it`,
  );
  return Object.fromEntries(
    [...Map.groupBy(verbs, (verb) => verb)].map(([verb, { length }]) => [verb, length]),
  );
};

test('who takes over from a leader that wrote 2,000 statuses asks for a few pages and writes what differs', async (t) => {
  const { fake, api } = await connected(t);
  for (let index = 0; index < ROUTES; index++) putRoute(fake, index, 'Accepted');
  for (const index of [7, 1_003]) putRoute(fake, index, 'Outdated');
  const { queue, lead } = candidate(api);
  for (let index = 0; index < ROUTES; index++) queue.setStatus(wanted(index));
  // Its object is gone, and nobody has said so yet.
  queue.setStatus(wanted(ROUTES));
  lead(true);
  await queue.idle();
  t.same(counted(fake), { list: 4, 'patch it': 2 });
  t.equal(reasonOf(fake, 7), 'Accepted');
  t.equal(reasonOf(fake, 1_003), 'Accepted');
  await queue.close();
});

test('what two writers say of one object is looked at for each', async (t) => {
  const { fake, api } = await connected(t);
  for (let index = 0; index < 30; index++) putRoute(fake, index, 'Accepted');
  const { queue, lead } = candidate(api);
  const programmed = { ...accepted('Programmed'), type: 'Programmed' };
  for (let index = 0; index < 30; index++) queue.setStatus(wanted(index));
  queue.setStatus(wanted(3, { writer: 'other', conditions: [programmed] }));
  lead(true);
  await queue.idle();
  t.same(counted(fake), { list: 1, 'patch it': 1 });
  t.match(fake.get('HTTPRoute', 'shop', nameOf(3))?.status, {
    conditions: [{ reason: 'Accepted' }, { reason: 'Programmed' }],
  });
  await queue.close();
});

test('a kind that the cluster has in an older version alone is looked at in that', async (t) => {
  const { fake, api } = await connected(t);
  fake.withdraw('HTTPRoute');
  fake.serve({
    ...{ group: GROUP, versions: ['v1beta1'], plural: 'httproutes', kind: 'HTTPRoute' },
    ...{ namespaced: true, status: true },
  });
  for (let index = 0; index < 30; index++) putRoute(fake, index, index === 5 ? 'Outdated' : 'Accepted');
  const { queue, lead } = candidate(api);
  for (let index = 0; index < 30; index++) queue.setStatus(wanted(index));
  lead(true);
  await queue.idle();
  t.equal(reasonOf(fake, 5), 'Accepted');
  t.same(counted(fake), { list: 2, 'patch it': 1 }, 'the newer version has no list');
  await queue.close();
});

test('what somebody has written since the pages came is not lost', async (t) => {
  const { fake, api } = await connected(t);
  for (let index = 0; index < 30; index++) putRoute(fake, index, 'Accepted');
  putRoute(fake, 5, 'Outdated');
  const { queue, lead } = candidate(api);
  for (let index = 0; index < 30; index++) queue.setStatus(wanted(index));
  const programmed = { ...accepted('Programmed'), type: 'Programmed' };
  queue.setStatus(wanted(5, { writer: 'other', conditions: [programmed] }));
  lead(true);
  await queue.idle();
  t.match(fake.get('HTTPRoute', 'shop', nameOf(5))?.status, {
    conditions: [{ reason: 'Accepted' }, { reason: 'Programmed' }],
  });
  t.match(counted(fake), { list: 1, get: 1 }, 'the second writer has read again');
  await queue.close();
});

test('a list without an end is given up, and each is looked at by itself', async (t) => {
  const { fake, api } = await connected(t);
  putRoute(fake, 0, 'Outdated');
  let pages = 0;
  const endless = {
    ...api,
    async list() {
      pages += 1;
      return { items: [], resourceVersion: '1', next: 'more' };
    },
  };
  const { queue, lead } = candidate(endless);
  for (let index = 0; index < 30; index++) queue.setStatus(wanted(index));
  lead(true);
  await queue.idle();
  t.equal(pages, 1_000);
  t.equal(reasonOf(fake, 0), 'Accepted');
  await queue.close();
});

test('a controller that takes over from another reads nothing that the other has written', async (t) => {
  const { fake, kubeconfig } = await connected(t);
  fake.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  const names = Array.from({ length: 40 }, (_, index) => `policy-${index}`);
  for (const name of names)
    fake.put({
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: { namespace: 'shop', name, generation: 1 },
      spec: { rules: [{ from: [{ source: { namespaces: ['shop'] } }] }] },
    });
  const hasStatus = (name: string): boolean =>
    fake.get('AuthorizationPolicy', 'shop', name)?.status !== undefined;
  const first = await startReplica(t, kubeconfig, { instance: 'a' });
  await until('all statuses', () => names.every(hasStatus));
  await first.stop();

  const before = fake.requests.length;
  const second = await startReplica(t, kubeconfig, { instance: 'b' });
  await until('the second leads', () => second.cluster.leadership.leading);
  fake.put({
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { namespace: 'shop', name: 'new', generation: 1 },
    spec: {},
  });
  await until('the status of what is new', () => hasStatus('new'));
  const asked = fake.requests
    .slice(before)
    .filter(({ resource, verb }) => resource.startsWith('authorizationpolicies') && verb !== 'watch')
    .map(({ verb, name = '' }) => `${verb} ${name}`);
  t.same(asked, ['list ', 'list ', 'get new', 'patch new'], 'the second list is of all statuses');
  await second.stop();
});

test('what is said anew while the pages come is not overtaken by what was said before', async (t) => {
  const { fake, api } = await connected(t);
  for (let index = 0; index < 30; index++) putRoute(fake, index, 'Outdated');
  const { queue, lead } = candidate(api);
  for (let index = 0; index < 30; index++) queue.setStatus(wanted(index));
  fake.faults.add({ verb: 'list' }, { type: 'slow', ms: 200 }, 1);
  lead(true);
  queue.setStatus(wanted(4, { conditions: [accepted('Newer')] }));
  await queue.idle();
  t.equal(reasonOf(fake, 4), 'Newer');
  t.equal(reasonOf(fake, 5), 'Accepted');
  t.equal(fake.requests.filter(({ verb, name }) => verb === 'patch' && name === nameOf(4)).length, 1);
  await queue.close();
});

test('an API server that fails is asked for the pages again; one that does not list lets each be looked at', async (t) => {
  const { fake, api } = await connected(t);
  for (let index = 0; index < 30; index++) putRoute(fake, index, index === 5 ? 'Outdated' : 'Accepted');
  const { queue, lead } = candidate(api);
  // The queue's own timers keep no process alive.
  const alive = setInterval(() => undefined, 1_000);
  for (let index = 0; index < 30; index++) queue.setStatus(wanted(index));
  fake.faults.add({ verb: 'list' }, { type: 'status', code: 503 }, 2);
  lead(true);
  await queue.idle();
  t.same(counted(fake), { list: 3, 'patch it': 1 });
  lead(false);
  putRoute(fake, 6, 'Outdated');
  fake.faults.add({ verb: 'list' }, { type: 'status', code: 403 });
  lead(true);
  await queue.idle();
  t.same(counted(fake), { list: 4, get: 30, 'patch it': 2 });
  t.equal(reasonOf(fake, 6), 'Accepted');
  clearInterval(alive);
  await queue.close();
});

test('who leads no more before the pages have come writes nothing', async (t) => {
  const { fake, api } = await connected(t);
  for (let index = 0; index < 30; index++) putRoute(fake, index, 'Outdated');
  const { queue, lead } = candidate(api);
  for (let index = 0; index < 30; index++) queue.setStatus(wanted(index));
  fake.faults.add({ verb: 'list' }, { type: 'slow', ms: 100 }, 1);
  lead(true);
  lead(false);
  await queue.idle();
  await new Promise((resolve) => setTimeout(resolve, 200));
  t.notOk(fake.requests.some(({ verb }) => verb === 'patch'));
  await queue.close();
});
