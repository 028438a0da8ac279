import { stat } from 'node:fs/promises';
import { test } from 'tap';
import {
  type EnrolmentPod,
  parseIpAddress,
  workloadIdentity,
  type WorkloadUid,
} from '../../../src/model/index.ts';
import { MOST_ATTACHMENTS } from '../../../src/ztunnel/cni/arrivals.ts';
import { type Arrivals, type Attachment, createArrivals } from '../../../src/ztunnel/cni/index.ts';
import { DEFAULT_MODES } from '../support/pod-of.ts';

const CART = 'Kubernetes//Pod/shop/cart' as WorkloadUid;

function cart(over: Partial<EnrolmentPod> = {}): EnrolmentPod {
  return {
    uid: CART,
    namespace: 'shop',
    name: 'cart',
    identity: workloadIdentity({ trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'cart' }),
    kubernetesUid: 'u1',
    addresses: [],
    netns: '',
    heldBy: '',
    isNew: true,
    modes: DEFAULT_MODES,
    waypointBypass: 'count',
    accessLog: 'all',
    telemetry: undefined,
    ...over,
  };
}

function attachment(over: Partial<Attachment> = {}): Attachment {
  return {
    containerId: 'c1',
    interfaceName: 'eth0',
    pod: { namespace: 'shop', name: 'cart', uid: 'u1' },
    path: '/nonexistent/netns',
    device: 4n,
    inode: 7n,
    addresses: [parseIpAddress('10.244.1.2')],
    ...over,
  };
}

/** What reaches the enrolment, a line per change. */
function arrivalsWithLog(): { readonly arrivals: Arrivals; readonly seen: string[] } {
  const seen: string[] = [];
  const refuse = async (): Promise<never> => {
    throw new Error('no process of it was found');
  };
  const arrivals = createArrivals({ open: refuse, isCurrent: async () => false }, ({ upserts, removed }) => {
    for (const { name, kubernetesUid, addresses, isNew } of upserts)
      seen.push(`+${name}/${kubernetesUid} ${addresses.join()}${isNew ? ' new' : ''}`);
    for (const uid of removed) seen.push(`-${uid}`);
  });
  return { arrivals, seen };
}

test('a pod without a network waits for its plugin, and is then captured before anybody talks to it', async (t) => {
  const { arrivals, seen } = arrivalsWithLog();
  arrivals.update({ upserts: [cart({ isNew: false })], removed: [] });
  t.same(seen, []);
  const attached = attachment();
  arrivals.attach(attached);
  arrivals.update({ upserts: [cart({ isNew: false, accessLog: 'none' })], removed: [] });
  arrivals.settle(attached);
  arrivals.update({
    upserts: [cart({ isNew: false, addresses: [parseIpAddress('10.244.1.2')] })],
    removed: [],
  });
  t.same(seen, ['+cart/u1 10.244.1.2 new', '+cart/u1 10.244.1.2 new', '+cart/u1 10.244.1.2']);
});

test('a pod whose addresses are known waits for no plugin: it runs already', async (t) => {
  const { arrivals, seen } = arrivalsWithLog();
  arrivals.update({
    upserts: [cart({ addresses: [parseIpAddress('10.244.1.9')], isNew: false })],
    removed: [],
  });
  arrivals.update({ upserts: [cart({ netns: 'shop.cart', isNew: false })], removed: [] });
  t.same(seen, ['+cart/u1 10.244.1.9', '+cart/u1 '], 'or has a namespace with a name');
});

test('a plugin that was quicker than the controller is remembered', async (t) => {
  const { arrivals, seen } = arrivalsWithLog();
  arrivals.attach(attachment());
  t.same(seen, []);
  arrivals.update({ upserts: [cart()], removed: [] });
  t.same(seen, ['+cart/u1 10.244.1.2 new']);
});

test('a later pod of the same name is another one', async (t) => {
  const { arrivals, seen } = arrivalsWithLog();
  arrivals.attach(attachment());
  arrivals.update({ upserts: [cart()], removed: [] });
  arrivals.update({ upserts: [cart({ kubernetesUid: 'u2' })], removed: [] });
  t.same(seen.splice(0), ['+cart/u1 10.244.1.2 new', `-${CART}`], 'it has no network yet');
  arrivals.attach(
    attachment({ containerId: 'c2', pod: { namespace: 'shop', name: 'cart', uid: 'u2' }, inode: 8n }),
  );
  t.same(seen.splice(0), ['+cart/u2 10.244.1.2 new']);
  arrivals.detach({ containerId: 'c1', interfaceName: 'eth0' });
  t.same(seen, [], 'the end of the old sandbox is nothing to the new one');
  t.equal(arrivals.find({ namespace: 'shop', name: 'cart', uid: 'u1' }), undefined);
  t.ok(
    arrivals.find({ namespace: 'shop', name: 'cart', uid: '' }),
    'a runtime that says no uid means the name',
  );
});

test('a sandbox that goes before the pod had addresses leaves the pod waiting for the next', async (t) => {
  const { arrivals, seen } = arrivalsWithLog();
  arrivals.update({ upserts: [cart()], removed: [] });
  arrivals.attach(attachment());
  arrivals.detach({ containerId: 'c1', interfaceName: 'eth0' });
  arrivals.detach({ containerId: 'c1', interfaceName: 'eth0' });
  t.same(seen.splice(0), ['+cart/u1 10.244.1.2 new', `-${CART}`]);
  arrivals.attach(attachment({ containerId: 'c2', inode: 9n }));
  t.same(seen, ['+cart/u1 10.244.1.2 new']);
  t.equal(arrivals.attachments().length, 1);
});

test('what a process leaves to the next is served from where its plugin said', async (t) => {
  const before = arrivalsWithLog();
  before.arrivals.update({ upserts: [cart()], removed: [] });
  before.arrivals.attach(attachment());
  const { arrivals, seen } = arrivalsWithLog();
  arrivals.restore(before.arrivals.told(), before.arrivals.attachments());
  t.same(seen, ['+cart/u1 10.244.1.2 new']);
  t.equal(arrivals.told()[0]?.addresses.length, 0, 'as the controller told it');
});

test('while the namespace that a plugin named is gone, the pod is looked for by other means', async (t) => {
  const { arrivals } = arrivalsWithLog();
  arrivals.attach(attachment());
  await t.rejects(arrivals.namespaces.open(cart()), /no process of it was found/);
});

test('a new sandbox has the addresses that its plugin names, until the controller has heard of them', async (t) => {
  const { arrivals, seen } = arrivalsWithLog();
  const before = parseIpAddress('10.244.1.9');
  const told = cart({ addresses: [before], isNew: false });
  arrivals.update({ upserts: [told], removed: [] });
  const attached = attachment();
  arrivals.attach(attached);
  arrivals.settle(attached);
  arrivals.update({ upserts: [{ ...told, accessLog: 'none' }], removed: [] });
  arrivals.update({ upserts: [cart({ addresses: [], isNew: false })], removed: [] });
  const [address = before] = attached.addresses;
  const other = parseIpAddress('fd00::2');
  arrivals.update({ upserts: [cart({ addresses: [address, other], isNew: false })], removed: [] });
  t.same(seen, [
    '+cart/u1 10.244.1.9',
    '+cart/u1 10.244.1.2 new',
    '+cart/u1 10.244.1.2',
    '+cart/u1 10.244.1.2',
    '+cart/u1 10.244.1.2,fd00::2',
  ]);
});

test('a runtime that takes no network back reaches a bound, and one whose pods are gone does not', async (t) => {
  const { arrivals } = arrivalsWithLog();
  const { dev, ino } = await stat('/proc/self/ns/net', { bigint: true });
  const present = { path: '/proc/self/ns/net', device: dev, inode: ino };
  arrivals.update({ upserts: [cart()], removed: [] });
  for (let index = 0; index < MOST_ATTACHMENTS; index++) {
    const which = attachment({ containerId: `invented-${index}`, ...present });
    if (!(await arrivals.hasRoom(which))) throw new Error(`no room for number ${index}`);
    arrivals.attach(which);
  }
  const more = attachment({ containerId: 'one more', ...present });
  t.notOk(await arrivals.hasRoom(more));
  t.ok(
    await arrivals.hasRoom(attachment({ containerId: 'invented-7' })),
    'one that is known is called for again',
  );
  arrivals.detach({ containerId: 'invented-7', interfaceName: 'eth0' });
  t.ok(await arrivals.hasRoom(more));
  arrivals.attach(attachment({ containerId: 'gone' }));
  t.ok(await arrivals.hasRoom(more), 'its namespace is not there any more');
  t.notOk(arrivals.attachments().some(({ containerId }) => containerId === 'gone'));
});
