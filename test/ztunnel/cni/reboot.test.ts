import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { inspectRedirection } from '../../../src/net/index.ts';
import { buildPlugin } from '../../support/cni-plugin.ts';
import { enterSandbox } from '../../support/netns.ts';
import { type CniNode, createCniNode, type NewPod } from '../support/cni-node.ts';
import { exchange, servePod } from '../support/programs.ts';
import type { TestPod } from '../support/topology.ts';
import { createTwoNodes, type TwoNodes } from '../support/two-nodes.ts';
import { startZtunnel, type ZtunnelProcess } from '../support/ztunnel-process.ts';

const NODE = 'zt-node-1';
const ADMIN_PORT = 16_000;

if (await enterSandbox(import.meta.filename, { timeoutSeconds: 240 })) {
  const plugin = buildPlugin();

  /** The kernel says that the machine was started. */
  function noteBoot(): void {
    const file = join('/run', `boot-${randomUUID()}`);
    writeFileSync(file, `${randomUUID()}\n`);
    execFileSync('mount', ['--bind', file, '/proc/sys/kernel/random/boot_id']);
  }

  const isCaptured = async ({ netns }: TestPod): Promise<boolean> => {
    const { natInbound, natOutbound } = await inspectRedirection(netns.namespace, [4]);
    return natInbound || natOutbound;
  };

  /**
   * The pod's namespace, with its name and its number, as one that the kernel made anew for somebody else: nothing of the
   * pod is in it.
   */
  function giveAway({ netns }: TestPod, address: string): void {
    netns.run('nft', 'flush', 'ruleset');
    for (const family of ['-4', '-6']) {
      netns.run('ip', family, 'rule', 'flush');
      for (const [table, preference] of [
        ['local', '0'],
        ['main', '32766'],
      ] as const)
        netns.run('ip', family, 'rule', 'add', 'from', 'all', 'lookup', table, 'preference', preference);
    }
    netns.run('ip', 'address', 'flush', 'dev', 'eth0');
    netns.run('ip', 'address', 'add', `${address}/24`, 'dev', 'eth0');
  }

  interface World {
    readonly mesh: TwoNodes;
    readonly node: CniNode;
    /** The first node's ztunnel, as its DaemonSet starts it. */
    start(): ZtunnelProcess;
    /** A pod that is captured, of which the controller knows all; and its state is saved. */
    settle(pod: NewPod): Promise<TestPod>;
  }

  const withNode =
    (work: (t: Test, world: World) => Promise<void>) =>
    async (t: Test): Promise<void> => {
      const mesh = await createTwoNodes();
      const node = createCniNode(mesh, plugin);
      const started: ZtunnelProcess[] = [];
      mesh.controller.setMembership({ kind: 'namespace', namespace: 'shop', joins: true });
      mesh.controller.setMembership({ kind: 'namespace', namespace: 'plain', joins: false });
      try {
        noteBoot();
        await work(t, {
          mesh,
          node,
          start() {
            const flags = [
              ...['--cni-socket', node.socket],
              ...['--host-network-namespace', `/run/netns/${NODE}`],
            ];
            const ztunnel = startZtunnel(mesh.controller, { node: NODE, adminPort: ADMIN_PORT, flags });
            started.push(ztunnel);
            return ztunnel;
          },
          async settle(added) {
            mesh.controller.enrol(added.enrolment, NODE);
            const pod = await added.add();
            const workload = added.workload(pod);
            mesh.controller.setWorkload(workload);
            mesh.controller.enrol({ ...added.enrolment, addresses: workload.addresses, isNew: false }, NODE);
            // It is written a second after the last change.
            await new Promise((resolve) => setTimeout(resolve, 1_500));
            return pod;
          },
        });
      } finally {
        for (const ztunnel of started) await ztunnel.kill();
        await mesh.close();
        node.close();
      }
    };

  const says = ({ lines }: ZtunnelProcess, text: string): boolean =>
    lines.some((line) => line.includes(text));

  test(
    'after a reboot nothing that was saved is believed, and pods are captured in their new sandboxes',
    withNode(async (t, { mesh, node, start, settle }) => {
      await mesh.startProxy(mesh.topology.nodes[1]);
      const server = mesh.addPod(mesh.topology.nodes[1], 'server');
      await mesh.enrol(server);
      const echo = await servePod(server.pod, 8080, (socket) => socket.pipe(socket));
      const target = { address: server.pod.v4, port: 8080 };
      const first = start();
      await first.ready;
      const cart = node.newPod('cart', { kubernetesUid: 'uid-cart' });
      const before = await settle(cart);
      t.ok(await isCaptured(before));

      // The disk stays; so does, for once, what is on a tmpfs.
      await first.kill();
      t.ok(existsSync(node.socket), 'the socket of a killed process stays');
      mesh.topology.nodes[0].netns.run('nft', 'flush', 'ruleset');
      giveAway(before, before.v4);
      noteBoot();
      await mesh.controller.stop();

      const again = node.newPod('cart', { kubernetesUid: 'uid-cart' });
      await t.rejects(again.add(), /the ztunnel of this node is not running/, 'the node fails closed');
      t.notOk(await isCaptured(await node.newPod('dns', { namespace: 'kube-system' }).add()));

      const second = start();
      await mesh.until('it has looked', () => says(second, 'the machine was started since'), 20_000);
      await mesh.until('it answers', () => says(second, 'answering the CNI plugin'), 20_000);
      await t.rejects(again.add(), /has no answer from the controller/, 'new pods wait for the controller');
      t.notOk(says(second, 'ready'), 'it knows nothing, and says so');
      t.notOk(await isCaptured(before), 'the stranger is left alone');
      t.equal(before.netns.run('ss', '-Hltn'), '', 'nobody listens in there');

      // The kubelet has not reported anything yet: the controller tells what was.
      await mesh.controller.start();
      // It calls again when it is its time, which a plugin does not wait for.
      await second.ready;
      const pod = await again.add();
      t.not(pod.v4, before.v4, 'it has another address now');
      t.ok(await isCaptured(pod));
      t.same(await exchange(pod, target, 'hello'), { text: 'hello', how: 'end' });
      const rules = mesh.topology.nodes[0].netns.run('nft', 'list', 'ruleset');
      t.ok(rules.includes(pod.v4), "the node's own probes reach it there");
      t.notOk(rules.includes(before.v4), 'and not where it was');
      await node.chain.check(again.chainPod);
      await echo.close();
    }),
  );

  test(
    "a namespace that got the name and number of a dead pod's while no ztunnel ran is not taken for the pod's",
    withNode(async (t, { mesh, start, node, settle }) => {
      const first = start();
      await first.ready;
      const before = await settle(node.newPod('cart'));
      await first.kill();
      giveAway(before, '10.244.1.200');
      await mesh.controller.stop();
      const second = start();
      await second.ready;
      t.ok(says(second, 'saved state loaded'));
      t.ok(says(second, 'pod enrolment failed'), 'the pod was looked for');
      t.notOk(await isCaptured(before));
      t.equal(before.netns.run('ss', '-Hltn'), '', 'nobody listens in there');
    }),
  );
}
