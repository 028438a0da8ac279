import { test } from 'tap';
import { createMeshView, parseIpAddress } from '../../../src/model/index.ts';
import { meshOf, serviceObject, type TestMesh } from '../support/mesh-of.ts';
import { runController } from '../support/running-controller.ts';
import { CONFORMANCE_SETTINGS } from '../support/settings.ts';

interface PodParts {
  readonly node?: string;
  readonly podIP?: string;
  readonly uid?: string;
  readonly ready?: boolean;
  readonly phase?: string;
  readonly created?: string;
  readonly deleted?: boolean;
  readonly hostNetwork?: boolean;
  readonly isStatic?: boolean;
}

function pod(namespace: string, name: string, parts: PodParts = {}) {
  const { node = 'node-1', podIP = '10.0.0.2', uid = `uid-${name}`, ready = true, phase = 'Running' } = parts;
  const { created, deleted = false, hostNetwork = false, isStatic = false } = parts;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace,
      name,
      uid,
      labels: { app: name },
      ...(created === undefined ? {} : { creationTimestamp: created }),
      ...(deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
      ...(isStatic ? { annotations: { 'kubernetes.io/config.mirror': 'x' } } : {}),
    },
    spec: { nodeName: node, hostNetwork },
    status: { phase, podIP, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}

const vault = (parts: PodParts = {}) => pod('bank', 'vault', parts);
/** Its name comes first, and it is healthy: nothing else speaks against it. */
const thief = (parts: PodParts = {}) => pod('aaa', 'thief', { node: 'node-2', ...parts });
const own = { podIP: '10.0.9.9' };

/** Who is reached by whoever dials the address, as a node's proxy sees it. */
function reached({ collections }: TestMesh, address = '10.0.0.2'): string {
  const view = createMeshView();
  view.apply({ upsertWorkloads: [...collections.podWorkloads.values()] });
  return view.workloadAt(CONFORMANCE_SETTINGS.network, parseIpAddress(address))?.name ?? 'nobody';
}

function foreign({ collections }: TestMesh): readonly string[] {
  return [...collections.foreignAddresses.entries()].map(
    ([key, losses]) =>
      `${key}: ${losses.map(({ address, holder, holderNode }) => `${address} of ${holder} on ${holderNode}`).join(', ')}`,
  );
}

test("a pod that claims the address of another node's pod does not get it, however that one fares", async (t) => {
  const mesh = meshOf([vault(), thief(own)]);
  t.equal(reached(mesh), 'vault');
  mesh.apply(thief());
  t.equal(reached(mesh), 'vault');
  t.same(foreign(mesh), ['aaa/thief: 10.0.0.2 of bank/vault on node-1']);
  mesh.apply(vault({ ready: false }));
  t.equal(reached(mesh), 'vault', 'a probe that fails hands nothing over');
  mesh.apply(vault());
  mesh.remove(thief());
  mesh.apply(thief({ uid: 'uid-again' }));
  t.equal(reached(mesh), 'vault');
  mesh.apply(thief(own));
  t.same(foreign(mesh), []);
  t.equal(reached(mesh, own.podIP), 'thief', 'its own address is its own again');
});

test('an address is free again when its pod is deleted, has finished, has gone or has another', async (t) => {
  for (const [what, leave] of [
    ['being deleted', (mesh: TestMesh) => mesh.apply(vault({ deleted: true }))],
    ['finished', (mesh: TestMesh) => mesh.apply(vault({ phase: 'Succeeded' }))],
    ['gone', (mesh: TestMesh) => mesh.remove(vault())],
    ['moved', (mesh: TestMesh) => mesh.apply(vault({ podIP: '10.0.0.3' }))],
    [
      'another of the same name',
      (mesh: TestMesh) => mesh.apply(vault({ uid: 'uid-2', node: 'node-3', podIP: '' })),
    ],
  ] as const) {
    const mesh = meshOf([vault(), thief(own)]);
    mesh.apply(thief());
    leave(mesh);
    t.equal(reached(mesh), 'thief', what);
  }
});

test('an address that is handed on in one batch is nobody else’s', async (t) => {
  const mesh = meshOf([vault(), thief(own)]);
  mesh.apply(thief(), vault({ podIP: '10.0.0.3' }));
  t.equal(reached(mesh), 'thief');
  t.same(foreign(mesh), []);
});

test('of three that claim an address the next in turn has it when the first lets go', async (t) => {
  const mesh = meshOf([vault(), thief(own)]);
  const late = pod('zzz', 'late', { node: 'node-3' });
  mesh.apply(late);
  mesh.apply(thief());
  t.same(foreign(mesh).length, 2);
  mesh.remove(vault());
  t.equal(reached(mesh), 'late');
  t.same(foreign(mesh), ['aaa/thief: 10.0.0.2 of zzz/late on node-3']);
});

test('a controller that has just started believes the pod that is older', async (t) => {
  const mesh = meshOf([
    thief({ created: '2026-02-01T00:00:00Z' }),
    vault({ created: '2026-01-01T00:00:00Z' }),
  ]);
  t.equal(reached(mesh), 'vault');
});

test('static pods, which a kubelet makes as it likes, keep an address from nobody', async (t) => {
  const mesh = meshOf([thief({ isStatic: true })]);
  t.equal(reached(mesh), 'thief');
  mesh.apply(vault());
  t.equal(reached(mesh), 'vault');
  t.same(foreign(mesh), ['aaa/thief: 10.0.0.2 of bank/vault on node-1']);
});

test("a node's own address is no pod's of another node, and pods on their hosts' network share theirs", async (t) => {
  const agent = (name: string, node: string) => pod('kube-system', name, { node, hostNetwork: true });
  const mesh = meshOf([agent('agent-1', 'node-1'), agent('agent-3', 'node-3')]);
  t.same(foreign(mesh), [], 'a node that has come in place of another has its address');
  mesh.apply(thief());
  t.equal(reached(mesh), 'nobody');
  t.same(foreign(mesh), ['aaa/thief: 10.0.0.2 of kube-system/agent-1 on node-1']);
});

test('pods of one node have one address as long as their node says so', async (t) => {
  const mesh = meshOf([vault()]);
  mesh.apply(thief({ node: 'node-1' }));
  t.same(foreign(mesh), []);
});

test('whoever claims an address in vain stays in its services', async (t) => {
  const service = { ...serviceObject('aaa', 'shop') } as { readonly spec: object };
  const mesh = meshOf([vault(), { ...service, spec: { ...service.spec, selector: { app: 'thief' } } }]);
  mesh.apply(thief());
  const found = [...mesh.collections.podWorkloads.values()].find(({ name }) => name === 'thief');
  t.match(found, { addresses: [parseIpAddress('10.0.0.2')], networkMode: 'host-network' });
  t.same([...(found?.services.keys() ?? [])], ['aaa/shop.aaa.svc.domain.suffix']);
});

test('a running controller tells proxies who has the address, and everybody else that somebody wants it', async (t) => {
  const controller = await runController(t, { objects: { vault: vault(), thief: thief(own) } });
  const view = await controller.connect('node-3');
  const uid = 'Kubernetes//Pod/aaa/thief';
  t.equal(view.workloads.get(uid)?.networkMode, 'standard');
  await controller.apply('thief', thief());
  await view.until('the address', () => view.workloads.get(uid)?.addresses[0] === '10.0.0.2');
  t.equal(view.workloads.get(uid)?.networkMode, 'host-network');
  t.equal(view.workloads.get('Kubernetes//Pod/bank/vault')?.networkMode, 'standard');
  await view.until('the event', () => controller.writes.some((line) => line.includes('AddressOfAnother')));
  const told = controller.writes.filter((line) => line.includes('AddressOfAnother'));
  t.equal(told.length, 1);
  t.match(told[0], 'event aaa/thief');
  t.notMatch(told[0], 'vault', 'another namespace is none of its business');
  const metrics = await (await fetch(controller.adminUrl('/metrics'))).text();
  t.match(metrics, /^nodemesh_controller_foreign_addresses 1$/m);
});
