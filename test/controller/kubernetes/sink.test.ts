import { type Test, test } from 'tap';
import type { ControllerSink, ObjectManifest } from '../../../src/controller/sink/index.ts';
import { createKubernetesSink } from '../../../src/controller/sink/index.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { connected } from './support.ts';

async function sinkTo(t: Test) {
  const { fake, api } = await connected(t);
  const clock = createFakeClock();
  const sink: ControllerSink = createKubernetesSink({ api, instance: 'controller-a', clock });
  return { fake, sink, clock };
}

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'shop', name: 'cart', uid: 'uid-1', annotations: { theirs: 'stays' } },
  spec: { nodeName: 'node-1' },
};
const REDIRECTION = 'ambient.istio.io/redirection';

test('an annotation goes through the status of the very pod that is meant', async (t) => {
  const { fake, sink } = await sinkTo(t);
  fake.put(POD);
  const pod = { namespace: 'shop', name: 'cart', uid: 'uid-1' };
  await sink.annotatePod({ ...pod, annotations: { [REDIRECTION]: 'enabled' } });
  t.match(fake.get('Pod', 'shop', 'cart')?.metadata.annotations, {
    theirs: 'stays',
    [REDIRECTION]: 'enabled',
  });
  t.match(fake.requests.at(-1), { verb: 'patch', resource: 'pods', subresource: 'status' });
  await sink.annotatePod({ ...pod, annotations: { [REDIRECTION]: null } });
  t.same(fake.get('Pod', 'shop', 'cart')?.metadata.annotations, { theirs: 'stays' });
  fake.remove('Pod', 'shop', 'cart');
  await sink.annotatePod({ ...pod, annotations: { [REDIRECTION]: 'enabled' } });
  t.pass('a pod that is gone is no failure');
});

const accepted = (status: 'True' | 'False', observedGeneration = 1) => ({
  type: 'Accepted',
  status,
  reason: 'r',
  message: 'm',
  observedGeneration,
});
const ROUTE = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { namespace: 'shop', name: 'cart' },
  spec: {},
};
const statusOf = (status: 'True' | 'False', apiVersion = ROUTE.apiVersion) => ({
  apiVersion,
  kind: 'HTTPRoute',
  namespace: 'shop',
  name: 'cart',
  writer: 'route',
  conditions: [accepted(status)],
});

test('a Gateway is found under the plural that its kind has', async (t) => {
  const { fake, sink } = await sinkTo(t);
  fake.put({ ...ROUTE, kind: 'Gateway' });
  await sink.setStatus({ ...statusOf('True'), kind: 'Gateway' });
  t.match(fake.get('Gateway', 'shop', 'cart')?.status, { conditions: [accepted('True')] });
  t.match(fake.requests.at(-1), { verb: 'patch', resource: 'gateways', subresource: 'status' });
});

test('a status is merged into what others wrote, and a transition has its time', async (t) => {
  const { fake, sink, clock } = await sinkTo(t);
  const theirs = { type: 'Theirs', status: 'True', lastTransitionTime: '2029-01-01T00:00:00.000Z' };
  fake.put({ ...ROUTE, status: { conditions: [theirs], addresses: { old: 1, kept: 2 } } });
  await sink.setStatus({ ...statusOf('True'), fields: { addresses: { kept: 2 } } });
  const first = new Date(clock.now()).toISOString();
  t.same(fake.get('HTTPRoute', 'shop', 'cart')?.status, {
    conditions: [theirs, { ...accepted('True'), lastTransitionTime: first }],
    addresses: { kept: 2 },
  });
  await clock.advance(60_000);
  const before = fake.requests.length;
  await sink.setStatus({ ...statusOf('True'), fields: { addresses: { kept: 2 } } });
  t.same(
    fake.requests.slice(before).map(({ verb }) => verb),
    ['get'],
    'what stands there is not written',
  );
  await sink.setStatus({ ...statusOf('False'), fields: { addresses: null } });
  t.same(fake.get('HTTPRoute', 'shop', 'cart')?.status, {
    conditions: [theirs, { ...accepted('False'), lastTransitionTime: new Date(clock.now()).toISOString() }],
  });
});

test('a status written by somebody else in between is not lost', async (t) => {
  const { fake, sink } = await sinkTo(t);
  fake.put(ROUTE);
  fake.faults.add({ verb: 'get' }, { type: 'slow', ms: 50 }, 1);
  const writing = sink.setStatus(statusOf('True'));
  fake.faults.add({ verb: 'patch' }, { type: 'slow', ms: 100 }, 1);
  await new Promise((resolve) => setTimeout(resolve, 100));
  fake.put({ ...ROUTE, status: { conditions: [{ type: 'Theirs', status: 'True' }] } });
  await writing;
  t.match(fake.get('HTTPRoute', 'shop', 'cart')?.status, {
    conditions: [{ type: 'Theirs' }, { type: 'Accepted' }],
  });
});

test('a status finds its object in the version that the cluster has, and nobody when it is gone', async (t) => {
  const { fake, sink } = await sinkTo(t);
  fake.withdraw('HTTPRoute');
  fake.serve({
    group: 'gateway.networking.k8s.io',
    versions: ['v1beta1'],
    plural: 'httproutes',
    kind: 'HTTPRoute',
    namespaced: true,
    status: true,
  });
  fake.put({ ...ROUTE, apiVersion: 'gateway.networking.k8s.io/v1beta1' });
  await sink.setStatus(statusOf('True'));
  t.match(fake.get('HTTPRoute', 'shop', 'cart')?.status, { conditions: [{ type: 'Accepted' }] });
  fake.remove('HTTPRoute', 'shop', 'cart');
  await sink.setStatus(statusOf('True'));
});

test('what cannot be written now may be tried again, what may not be written not', async (t) => {
  const { fake, sink } = await sinkTo(t);
  fake.put(ROUTE);
  fake.faults.add({}, { type: 'status', code: 503 }, 1);
  await t.rejects(sink.setStatus(statusOf('True')), { code: 'ERR_CONTROLLER_SINK', retryable: true });
  fake.faults.add({}, { type: 'status', code: 403, message: 'no' }, 1);
  await t.rejects(sink.setStatus(statusOf('True')), { code: 'ERR_CONTROLLER_SINK', retryable: false });
});

const notice = (message: string, name = 'cart') => ({
  kind: 'Pod',
  namespace: 'shop',
  name,
  type: 'Warning' as const,
  reason: 'EnrolmentFailed',
  message,
});

test('the same event again, from either replica, counts up; a flood of them ends', async (t) => {
  const { fake, sink, clock } = await sinkTo(t);
  fake.put(POD);
  const events = () => fake.store.list('events');
  await sink.recordEvent(notice('no namespace'));
  await sink.recordEvent(notice('no namespace'));
  t.match(events(), [
    {
      involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'cart', uid: 'uid-1' },
      type: 'Warning',
      reason: 'EnrolmentFailed',
      message: 'no namespace',
      count: 1,
      reportingComponent: 'nodemesh-controller',
      reportingInstance: 'controller-a',
    },
  ]);
  await clock.advance(61_000);
  await sink.recordEvent(notice('no namespace'));
  t.match(events(), [{ count: 2 }]);
  for (let index = 0; index < 60; index++) await sink.recordEvent(notice(`reason ${index}`));
  t.ok(events().length <= 26, `${events().length} events`);
  await sink.recordEvent(notice('of nobody', 'gone'));
  t.notOk(events().some(({ message }) => message === 'of nobody'));
});

const SERVICE: ObjectManifest = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: {
    namespace: 'shop',
    name: 'waypoint',
    labels: {},
    annotations: { 'nodemesh.io/applied': '1' },
    ownerReferences: [],
  },
  spec: { ports: [{ port: 15008 }] },
};
const named = { apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'shop', name: 'waypoint' } };

test('an object is applied, changed and deleted while it is ours', async (t) => {
  const { fake, sink } = await sinkTo(t);
  await sink.applyObject(SERVICE);
  const service = () => fake.get('Service', 'shop', 'waypoint');
  t.match(service()?.spec, { ports: [{ port: 15008 }] });
  await sink.applyObject({ ...SERVICE, spec: { clusterIP: 'None' } });
  t.same(service()?.spec, { clusterIP: 'None' }, 'what is not said any more is taken back');
  await sink.deleteObject(named);
  t.equal(service(), undefined);
  await sink.deleteObject(named);
});

test('what is somebody else’s is neither changed nor deleted', async (t) => {
  const { fake, sink } = await sinkTo(t);
  fake.put({ ...named, spec: { clusterIP: '10.96.0.9' } });
  const refusal = { code: 'ERR_CONTROLLER_SINK', retryable: false, message: /not the mesh's/ };
  await t.rejects(sink.applyObject(SERVICE), refusal);
  await t.rejects(sink.deleteObject(named), refusal);
  t.same(fake.get('Service', 'shop', 'waypoint')?.spec, { clusterIP: '10.96.0.9' });
});
