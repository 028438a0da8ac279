import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { type Test, test } from 'tap';
import { cleanUpNode } from '../../../src/cli/node-cleanup/clean-up.ts';
import type { IpAddress } from '../../../src/model/index.ts';
import { applyRedirection, openHostFirewall, planRedirection } from '../../../src/net/index.ts';
import { endProcess, enterSandbox, type TestNamespace } from '../../support/netns.ts';
import { createTopology } from '../../ztunnel/support/topology.ts';

if (await enterSandbox(import.meta.filename, { timeoutSeconds: 240 })) {
  for (const kind of ['nft', 'iptables-nft'] as const)
    test(`${kind}: a node and its pods are as they were before there was a mesh, another mesh's stay captured`, async (t) => {
      const topology = createTopology('cl');
      const [node] = topology.nodes;
      const [captured, half, theirs, plain] = ['captured', 'half', 'theirs', 'plain'].map((name) =>
        node.addPod(name),
      );
      if (captured === undefined || half === undefined || theirs === undefined || plain === undefined)
        throw new Error('expected four pods');
      theirs.netns.run('iptables', '-t', 'nat', '-N', 'ISTIO_OUTPUT');
      theirs.netns.run('iptables', '-t', 'nat', '-A', 'OUTPUT', '-j', 'ISTIO_OUTPUT');
      node.netns.run('iptables-nft', '-t', 'nat', '-N', 'KUBE-POSTROUTING');
      node.netns.run('iptables-nft', '-t', 'nat', '-A', 'POSTROUTING', '-j', 'KUBE-POSTROUTING');
      const all = [node, captured, half, theirs, plain].map(({ netns }) => netns);
      const holders = all.map((netns) => ({ netns, process: netns.start('sleep', '80') }));
      const [first, ...others] = holders.map(({ process }) => process.pid ?? 0);
      const { proc, folder } = folders(t, first ?? 0, others);
      const before = all.map(stateOf);

      const plan = planRedirection({ dns: true });
      for (const { netns } of [captured, half]) await applyRedirection(netns.namespace, plan, 'routing');
      await applyRedirection(captured.netns.namespace, plan, 'nat');
      const rules = await openHostFirewall(node.netns.namespace, kind);
      await rules.install();
      await rules.add([{ address: captured.v4 as IpAddress, owner: 'uid' }]);
      for (const changed of [0, 1, 2]) t.notSame(all.map(stateOf)[changed], before[changed]);

      const said: string[] = [];
      const cleanUp = (): Promise<void> =>
        cleanUpNode({
          proc,
          hostNetwork: `${proc}/1/ns/net`,
          folder,
          waitMs: 1_000,
          tell: (text) => void said.push(text),
        });
      await cleanUp();
      t.same(all.map(stateOf), before);
      t.notOk(existsSync(folder), 'its folder is gone');
      t.match(said.join('\n'), /4 network namespaces of pods were looked at, 2 of them are captured/);
      t.match(said.at(-1), 'nothing of the mesh is left on this node');
      await cleanUp();
      t.same(all.map(stateOf), before, 'once more');
      t.match(said.join('\n'), /looked at, 0 of them are captured/);

      for (const { process } of holders) await endProcess(process);
      topology.close();
    });

  test('a namespace that cannot be looked at does not keep the rest from being cleaned, and is told', async (t) => {
    const topology = createTopology('cf');
    const [node] = topology.nodes;
    const pod = node.addPod('pod');
    const holders = [node, pod].map(({ netns }) => netns.start('sleep', '80'));
    const [first, second] = holders.map(({ pid }) => pid ?? 0);
    const { proc, folder } = folders(t, first ?? 0, [second ?? 0]);
    mkdirSync(join(proc, '999999/ns/net'), { recursive: true });
    writeFileSync(join(proc, '999999/exe'), '');
    const before = stateOf(pod.netns);
    const plan = planRedirection();
    await applyRedirection(pod.netns.namespace, plan, 'routing');
    await applyRedirection(pod.netns.namespace, plan, 'nat');
    const cleaned = cleanUpNode({
      proc,
      hostNetwork: `${proc}/1/ns/net`,
      folder,
      waitMs: 1_000,
      tell: () => undefined,
    });
    await t.rejects(cleaned, { code: 'ERR_CLI_NODE', message: /something is left on this node: .*999999/ });
    t.same(stateOf(pod.netns), before);
    t.notOk(existsSync(folder));
    for (const process of holders) await endProcess(process);
    topology.close();
  });

  test('nothing is touched while a ztunnel answers, or for a folder that is not its own', async (t) => {
    const { proc, folder } = folders(t, process.pid, []);
    const options = { proc, hostNetwork: '/nowhere', waitMs: 0, tell: () => undefined };
    rmSync(join(folder, 'cni.sock'));
    const server = createServer().listen(join(folder, 'cni.sock'));
    await once(server, 'listening');
    await t.rejects(cleanUpNode({ ...options, folder }), {
      code: 'ERR_CLI_NODE',
      message: /a ztunnel of this node answers/,
    });
    server.close();
    await t.rejects(cleanUpNode({ ...options, folder: join(folder, '..') }), { code: 'ERR_CLI_OPTION' });
    t.ok(existsSync(join(folder, 'ztunnel-state')));
  });
}

/** A /proc of these processes alone, and what a ztunnel has left in its folder. */
function folders(t: Test, first: number, pids: readonly number[]): { proc: string; folder: string } {
  const root = mkdtempSync(join(tmpdir(), 'nodemesh-clean-'));
  t.teardown(() => rmSync(root, { recursive: true }));
  const [proc, folder] = [join(root, 'proc'), join(root, 'nodemesh')];
  mkdirSync(proc);
  mkdirSync(folder);
  symlinkSync(`/proc/${first}`, join(proc, '1'));
  for (const pid of pids) symlinkSync(`/proc/${pid}`, join(proc, String(pid)));
  for (const name of ['cni.sock', 'ztunnel-state']) writeFileSync(join(folder, name), '');
  return { proc, folder };
}

/** Everything that a ztunnel changes in a network. */
function stateOf({ run }: TestNamespace): string {
  const lists: readonly (readonly [string, ...string[]])[] = [
    ['nft', 'list', 'ruleset'],
    ['iptables-save'],
    ['ip6tables-save'],
    ['ipset', 'list'],
    ['ip', 'rule'],
    ['ip', '-6', 'rule'],
    ['ip', 'route', 'show', 'table', 'all'],
    ['ip', '-6', 'route', 'show', 'table', 'all'],
    ['sysctl', 'net.netfilter.nf_conntrack_tcp_loose', 'net.ipv4.tcp_migrate_req'],
  ];
  return lists
    .map((list) => run(...list))
    .join('\n')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\[\d+:\d+\]|counter packets \d+ bytes \d+/g, '')
    .replaceAll(/ expires \d+sec/g, '');
}
