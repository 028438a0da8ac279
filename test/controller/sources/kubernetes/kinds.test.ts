import { type Test, test } from 'tap';
import { READ_KINDS, readKind, resourceName } from '../../../../src/controller/sources/kubernetes/index.ts';
import { DEFAULT_RESOURCES, resourceKey } from '../../../support/kubernetes-api/resource-table.ts';
import { objectOf } from './objects.ts';
import { createWorld, type World, type WorldOptions } from './world.ts';

const POLICIES = 'authorizationpolicies.security.istio.io';
const ROUTES = 'httproutes.gateway.networking.k8s.io';
const DEFINITIONS = 'customresourcedefinitions.apiextensions.k8s.io';
const FORBIDDEN = { type: 'status', code: 403 } as const;

async function world(t: Test, options: WorldOptions = {}): Promise<World> {
  const made = await createWorld({ kinds: ['HTTPRoute', 'AuthorizationPolicy'], ...options });
  t.teardown(() => made.close());
  return made;
}

test('every kind that the mesh reads has the path that the API server serves it at', async (t) => {
  for (const kind of READ_KINDS) {
    const read = readKind(kind);
    const served = DEFAULT_RESOURCES.find((resource) => resource.kind === kind);
    t.ok(served !== undefined && resourceKey(served) === resourceName(read), kind);
    t.equal(read.resources[0]?.namespaced, served?.namespaced, kind);
  }
});

test('all kinds are listed, at one go', async (t) => {
  const made = await world(t, { kinds: READ_KINDS });
  for (const kind of ['Namespace', 'Pod', 'HTTPRoute', 'AuthorizationPolicy'])
    made.fake.put(objectOf(kind, 'a', 1));
  await made.source.start();
  t.equal(made.batches.length, 1);
  t.equal(made.told().size, 4);
  t.same(made.source.problems(), []);
});

test('nothing is asked but list, watch and what is served', async (t) => {
  const made = await world(t, { kinds: READ_KINDS });
  await made.source.start();
  await until(() => made.fake.watches.size === READ_KINDS.length + 1);
  t.same([...new Set(made.fake.requests.map(({ verb }) => verb))].sort(), ['discover', 'list', 'watch']);
});

test('an older version is read where the cluster has no newer one, and the newer one as soon as it has', async (t) => {
  const made = await world(t, { installed: [] });
  made.install('HTTPRoute', ['v1beta1']);
  made.install('AuthorizationPolicy', ['v1beta1']);
  made.fake.put(objectOf('HTTPRoute', 'r', 1));
  await made.source.start();
  await made.agree();
  t.ok(made.fake.requests.some(({ resource, version }) => resource === ROUTES && version === 'v1beta1'));
  made.install('HTTPRoute', ['v1', 'v1beta1']);
  await until(() =>
    made.fake.requests.some(({ resource, version }) => resource === ROUTES && version === 'v1'),
  );
  made.fake.put(objectOf('HTTPRoute', 'r', 2));
  await made.agree();
  t.match(made.batches.at(-1), [{ object: { apiVersion: 'gateway.networking.k8s.io/v1' } }]);
});

test('a kind that appears later is read at once, and one that disappears loses its objects', async (t) => {
  const made = await world(t, { installed: ['AuthorizationPolicy'], settings: { lookMs: 3_600_000 } });
  await made.source.start();
  t.match(made.source.problems(), [
    { severity: 'notice', file: ROUTES, message: /no CustomResourceDefinition/ },
  ]);
  made.install('HTTPRoute');
  made.fake.put(objectOf('HTTPRoute', 'r', 1));
  await made.agree();
  t.same([...made.told().keys()], ['HTTPRoute shop/r']);
  made.uninstall('HTTPRoute');
  await until(() => made.told().size === 0);
  t.match(made.source.problems(), [{ severity: 'notice', file: ROUTES }]);
});

test('the same is noticed now and then where CustomResourceDefinitions may not be seen', async (t) => {
  const made = await world(t, {
    installed: ['AuthorizationPolicy'],
    prepare: (fake) => void fake.faults.add({ resource: DEFINITIONS }, FORBIDDEN),
  });
  await made.source.start();
  t.match(made.source.problems(), [{ severity: 'notice', file: DEFINITIONS }, { file: ROUTES }]);
  made.install('HTTPRoute');
  made.fake.put(objectOf('HTTPRoute', 'r', 1));
  await made.agree();
  made.uninstall('HTTPRoute');
  await until(() => made.told().size === 0);
  t.pass('it is gone after a few looks');
});

test('an API server that does not know its custom kinds for a moment deletes no policy', async (t) => {
  const made = await world(t);
  made.fake.put(objectOf('AuthorizationPolicy', 'p', 1));
  made.fake.faults.add({ verb: 'discover' }, { type: 'status', code: 404 }, 30);
  await made.source.start();
  t.equal(made.told().size, 1, 'it was waited for');
  made.fake.faults.add({ verb: 'discover' }, { type: 'status', code: 404 }, 20);
  made.fake.faults.add({ resource: POLICIES }, { type: 'status', code: 404 }, 5);
  made.fake.watches.drop({ resource: POLICIES });
  await until(() => made.fake.requests.filter(({ verb }) => verb === 'discover').length > 60);
  t.equal(made.told().size, 1);
  t.ok(made.batches.every((batch) => batch.every(({ type }) => type === 'upsert')));
});

test('a route that may not be read is done without, and it is said which rule to add', async (t) => {
  const made = await world(t, { prepare: (fake) => void fake.faults.add({ resource: ROUTES }, FORBIDDEN) });
  made.fake.put(objectOf('AuthorizationPolicy', 'p', 1));
  await made.source.start();
  t.equal(made.told().size, 1);
  t.match(made.source.problems(), [
    {
      severity: 'error',
      file: ROUTES,
      message:
        /not allowed: list httproutes.*mesh goes without.*apiGroups: \["gateway.networking.k8s.io"\], resources: \["httproutes"\], verbs: \["list", "watch"\]/,
    },
  ]);
  made.fake.faults.clear();
  made.fake.put(objectOf('HTTPRoute', 'r', 1));
  await made.agree();
  await until(() => made.source.problems().length === 0);
});

test('policies that may not be read keep the source from starting until they may', async (t) => {
  const made = await world(t, { prepare: (fake) => void fake.faults.add({ resource: POLICIES }, FORBIDDEN) });
  made.fake.put(objectOf('AuthorizationPolicy', 'p', 1));
  let isStarted = false;
  const starting = made.source.start().then(() => {
    isStarted = true;
  });
  await until(() => made.source.problems().length > 0);
  await new Promise((resolve) => setTimeout(resolve, 200));
  t.notOk(isStarted);
  t.same(made.batches, []);
  t.match(made.source.problems(), [{ severity: 'error', file: POLICIES, message: /nobody is served until/ }]);
  made.fake.faults.clear();
  await starting;
  t.equal(made.told().size, 1);
});

test('neither is half a mesh served where namespaces or pods may not be read', async (t) => {
  for (const kind of ['Namespace', 'Pod'] as const) {
    const made = await createWorld({
      kinds: [kind],
      prepare: (fake) => void fake.faults.add({ verb: 'list' }, FORBIDDEN),
    });
    const refused = t.rejects(made.source.start(), { message: /closed before/ });
    await until(() => made.source.problems().length > 0);
    t.match(made.source.problems(), [{ message: /half a mesh reads as the removal of the other half/ }]);
    t.same(made.batches, []);
    await made.close();
    await refused;
  }
});

test('policies that may no longer be read stay in force', async (t) => {
  const made = await world(t);
  made.fake.put(objectOf('AuthorizationPolicy', 'p', 1));
  await made.source.start();
  await until(() => made.fake.watches.size === 3);
  made.fake.faults.add({ resource: POLICIES }, FORBIDDEN);
  made.fake.watches.drop({ resource: POLICIES });
  await until(() => made.source.problems().length > 0);
  t.match(made.source.problems(), [{ file: POLICIES, message: /what is known of them stays in force/ }]);
  t.equal(made.told().size, 1);
});

test('policies in no version that is understood keep the source from starting', async (t) => {
  const made = await world(t, { installed: ['HTTPRoute'] });
  made.install('AuthorizationPolicy', ['v7']);
  const starting = made.source.start();
  await until(() => made.source.problems().length > 0);
  t.match(made.source.problems(), [
    { severity: 'error', message: /one of the versions v1, v1beta1; nobody is served/ },
  ]);
  t.same(made.batches, []);
  made.install('AuthorizationPolicy');
  await starting;
});

test('a source that is closed before it has started says so', async (t) => {
  const made = await createWorld({ prepare: (fake) => void fake.faults.add({}, { type: 'hang' }) });
  const starting = made.source.start();
  await until(() => made.fake.requests.length > 0);
  const refused = t.rejects(starting, { code: 'ERR_KUBERNETES_UNREACHABLE', message: /closed before/ });
  await made.close();
  await refused;
});

async function until(condition: () => boolean): Promise<void> {
  for (let round = 0; round < 2_000 && !condition(); round++)
    await new Promise((resolve) => setTimeout(resolve, 5));
  if (!condition()) throw new Error('what was waited for did not come');
}
