import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import type { WorkloadUid } from '../../../src/model/index.ts';
import { inspectRedirection } from '../../../src/net/index.ts';
import { buildPlugin } from '../../support/cni-plugin.ts';
import { enterSandbox } from '../../support/netns.ts';
import { type CniNode, createCniNode } from '../support/cni-node.ts';
import { exchange, readAll, servePod } from '../support/programs.ts';
import { dialFrom } from '../support/programs.ts';
import type { TestPod } from '../support/topology.ts';
import { createTwoNodes, type TwoNodes } from '../support/two-nodes.ts';
import { tapWire } from '../support/wiretap.ts';

if (await enterSandbox(import.meta.filename, { timeoutSeconds: 300 })) {
  const plugin = buildPlugin();

  const withNode =
    (work: (t: Test, world: { readonly mesh: TwoNodes; readonly node: CniNode }) => Promise<void>) =>
    async (t: Test): Promise<void> => {
      const mesh = await createTwoNodes();
      const node = createCniNode(mesh, plugin);
      mesh.controller.setMembership({ kind: 'namespace', namespace: 'shop', joins: true });
      mesh.controller.setMembership({ kind: 'namespace', namespace: 'plain', joins: false });
      try {
        await mesh.startProxy(mesh.topology.nodes[0], { cniSocket: node.socket });
        await work(t, { mesh, node });
      } finally {
        await mesh.close();
        node.close();
      }
    };
  const isCaptured = async ({ netns }: TestPod): Promise<boolean> => {
    const { natInbound, natOutbound } = await inspectRedirection(netns.namespace, [4]);
    return natInbound && natOutbound;
  };
  const NODE = 'zt-node-1';

  test(
    "a new pod's first packet is in the mesh, before anybody else knows its address",
    withNode(async (t, { mesh, node }) => {
      await mesh.startProxy(mesh.topology.nodes[1]);
      const server = mesh.addPod(mesh.topology.nodes[1], 'server');
      await mesh.enrol(server);
      const echo = await servePod(server.pod, 8080, (socket) => socket.pipe(socket));
      const cart = node.newPod('cart');
      mesh.controller.enrol(cart.enrolment, NODE);
      const wire = tapWire(mesh.topology.nodes[0]);

      const pod = await cart.add();
      // What a start-up hook does: the kubelet reports no address before it has ended.
      const target = { address: server.pod.v4, port: 8080 };
      t.same(await exchange(pod, target, 'a readable secret'), { text: 'a readable secret', how: 'end' });
      const seen = await wire.stop();
      t.ok(seen.length > 1_000, 'something crossed the wire');
      t.notOk(seen.includes('readable'), 'nothing readable did');
      const entry = mesh.journal.find(
        ({ event, details }) => event === 'closed' && details?.direction === 'inbound',
      );
      t.equal(entry?.details?.sourceIdentity?.id, 'spiffe://cluster.local/ns/shop/sa/cart');
      t.ok(await isCaptured(pod));

      // The address comes, and nothing changes.
      mesh.controller.setWorkload(cart.workload(pod));
      const { addresses } = cart.workload(pod);
      mesh.controller.enrol({ ...cart.enrolment, addresses, isNew: false }, NODE);
      t.same(await exchange(pod, target, 'again'), { text: 'again', how: 'end' });
      await node.chain.check(cart.chainPod);
      await echo.close();
    }),
  );

  test(
    'pods outside the mesh pass at once and untouched: unlabelled namespaces, and those that say none',
    withNode(async (t, { mesh, node }) => {
      mesh.controller.setMembership(
        {
          kind: 'bystander',
          uid: 'Kubernetes//Pod/shop/loner' as WorkloadUid,
          kubernetesUid: 'uid-loner',
          namespace: 'shop',
          name: 'loner',
        },
        NODE,
      );
      for (const pod of [
        node.newPod('anybody', { namespace: 'plain' }),
        node.newPod('dns', { namespace: 'kube-system' }),
        node.newPod('loner', { kubernetesUid: 'uid-loner' }),
      ])
        t.notOk(await isCaptured(await pod.add()), pod.chainPod.name);
    }),
  );

  test(
    'a kubelet that is quicker than the controller waits for it',
    withNode(async (t, { mesh, node }) => {
      const cart = node.newPod('cart');
      const adding = cart.add();
      await new Promise((resolve) => setTimeout(resolve, 700));
      mesh.controller.enrol(cart.enrolment, NODE);
      t.ok(await isCaptured(await adding));
    }),
  );

  test(
    'a pod of a labelled namespace that nobody tells of does not start, and the reason names what is missing',
    withNode(async (t, { mesh, node }) => {
      const cart = node.newPod('cart');
      await t.rejects(cart.add(), {
        message:
          /^ours ADD: 11: nodemesh: the controller has not told node zt-node-1 of pod shop\/cart yet; new pods of the labelled namespace shop wait \(for 5 s\)/,
      });
      // One of another namespace, made this moment.
      await t.rejects(node.newPod('till', { namespace: 'unheard-of' }).add(), {
        message: /new pods of namespace unheard-of wait, of which it does not know whether they join/,
      });
      // The predecessor's word does not count.
      mesh.controller.enrol({ ...cart.enrolment, kubernetesUid: 'uid-before' }, NODE);
      await t.rejects(cart.add(), /of pod shop\/cart yet/);
    }),
  );

  test(
    'while the controller is away unlabelled namespaces pass, labelled ones wait, also after a restart',
    withNode(async (t, { mesh, node }) => {
      const [first] = mesh.topology.nodes;
      await mesh.until('all is told', () => existsSync(node.socket));
      await mesh.proxies[0]?.ready;
      await mesh.controller.stop();
      t.notOk(await isCaptured(await node.newPod('a', { namespace: 'plain' }).add()));
      await t.rejects(node.newPod('b').add(), {
        message:
          /the ztunnel on node zt-node-1 has lost its controller; new pods of the labelled namespace shop wait/,
      });
      await mesh.proxies[0]?.close();
      await mesh.startProxy(first, { cniSocket: node.socket });
      t.notOk(
        await isCaptured(await node.newPod('c', { namespace: 'plain' }).add()),
        'the saved state says so',
      );
      await mesh.proxies[1]?.close();
      // A node that has just come up, with nothing saved.
      await mesh.startProxy(first, { cniSocket: node.socket, stateFile: '' });
      t.notOk(await isCaptured(await node.newPod('d', { namespace: 'kube-system' }).add()));
      await t.rejects(node.newPod('e', { namespace: 'plain' }).add(), {
        message:
          /the ztunnel on node zt-node-1 has no answer from the controller; new pods of namespace plain wait/,
      });
    }),
  );

  test(
    'without a ztunnel new pods fail closed, and end all the same',
    withNode(async (t, { mesh, node }) => {
      const cart = node.newPod('cart');
      mesh.controller.enrol(cart.enrolment, NODE);
      await cart.add();
      await mesh.proxies[0]?.close();
      t.notOk(existsSync(node.socket), 'the socket is taken away');
      await t.rejects(node.newPod('b').add(), /11: nodemesh: the ztunnel of this node is not running/);
      await node.chain.del(cart.chainPod);
      await node.chain.gc([]);
    }),
  );

  test(
    'a pod that gets a new sandbox is captured in the new one, and the old one is let go',
    withNode(async (t, { mesh, node }) => {
      const before = node.newPod('cart', { kubernetesUid: 'same' });
      mesh.controller.enrol(before.enrolment, NODE);
      const old = await before.add();
      const after = node.newPod('cart', { kubernetesUid: 'same' });
      const pod = await after.add();
      t.ok(await isCaptured(pod));
      await node.chain.check(after.chainPod);
      await t.rejects(node.chain.check(before.chainPod), /is not captured in \/run\/netns/);
      await node.chain.del(before.chainPod);
      await node.chain.check(after.chainPod);
      const gone = await dialFrom(old, old.v4, 15008).then(readAll, (error: unknown) => String(error));
      t.match(gone, /refused|unreach/i, 'nothing listens in the old one');

      await node.chain.gc([]);
      await mesh.until('the pod is let go', () =>
        mesh.controller.reports.some(({ uid, state }) => uid === after.enrolment.uid && state === 'released'),
      );
    }),
  );

  test(
    'a hundred pods at once are captured, each before its ADD returns',
    withNode(async (t, { mesh, node }) => {
      const pods = Array.from({ length: 100 }, (_, index) => node.newPod(`cart-${index}`));
      for (const { enrolment } of pods) mesh.controller.enrol(enrolment, NODE);
      const startedMs = Date.now();
      const added = await Promise.all(pods.map((pod) => pod.add()));
      t.comment(`${Date.now() - startedMs} ms`);
      const captured = await Promise.all(added.map(isCaptured));
      t.equal(captured.filter(Boolean).length, 100);
    }),
  );

  test(
    'the next generation takes the socket when it is ready, and the one before ends what it has begun',
    withNode(async (t, { mesh, node }) => {
      const cart = node.newPod('cart');
      await mesh.proxies[0]?.ready;
      const inode = statSync(node.socket).ino;
      t.equal(statSync(node.socket).mode & 0o777, 0o600);
      const adding = cart.add();
      await mesh.until('the call has come', () => existsSync(node.socket));
      await new Promise((resolve) => setTimeout(resolve, 300));
      await mesh.startProxy(mesh.topology.nodes[0], { cniSocket: node.socket, stateFile: '' });
      await mesh.until('the socket is taken', () => statSync(node.socket).ino !== inode);
      mesh.controller.enrol(cart.enrolment, NODE);
      t.ok(await isCaptured(await adding));
      await mesh.proxies[0]?.close();
      t.ok(existsSync(node.socket), 'which is not its own any more');
      const next = node.newPod('next');
      mesh.controller.enrol(next.enrolment, NODE);
      t.ok(await isCaptured(await next.add()));
    }),
  );

  test(
    'a pipe in the place of a namespace, and a caller that never goes, hold up nobody',
    withNode(async (t, { mesh, node }) => {
      await mesh.until('the socket is there', () => existsSync(node.socket));
      const cart = node.newPod('cart');
      mesh.controller.enrol(cart.enrolment, NODE);
      const pipe = join(mesh.controller.directory, 'pipe');
      execFileSync('mkfifo', [pipe]);
      const call = (variables: readonly string[]): Socket => {
        const text = Buffer.from(variables.map((variable) => `${variable}\0`).join(''));
        const config = Buffer.from('{"cniVersion":"1.0.0","prevResult":{}}');
        const head = Buffer.alloc(16);
        head.write('nmcni01\0');
        head.writeUInt32LE(text.length, 8);
        head.writeUInt32LE(config.length, 12);
        // It keeps its end open whatever comes.
        const socket = connect({ path: node.socket, allowHalfOpen: true });
        socket.write(Buffer.concat([head, text, config]));
        return socket;
      };
      const args = 'CNI_ARGS=K8S_POD_NAMESPACE=shop;K8S_POD_NAME=cart;K8S_POD_UID=uid-1';
      const forged = call([
        'CNI_COMMAND=ADD',
        `CNI_NETNS=${pipe}`,
        'CNI_CONTAINERID=x',
        'CNI_IFNAME=eth0',
        args,
      ]);
      const stays = call(['CNI_COMMAND=DEL', 'CNI_CONTAINERID=y', 'CNI_IFNAME=eth0', args]);
      await once(stays, 'data');
      t.ok(await isCaptured(await cart.add()), 'the pod itself is captured meanwhile');
      await mesh.proxies[0]?.close();
      t.pass('and the process ends');
      for (const socket of [forged, stays]) socket.destroy();
    }),
  );
}
