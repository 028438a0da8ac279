import { test } from 'tap';
import { errnoOf } from '../../src/base/index.ts';
import type { IpAddress } from '../../src/model/index.ts';
import {
  applyRedirection,
  connectTcp,
  HOST_FIREWALL_KINDS,
  type HostFirewallKind,
  openHostFirewall,
  planRedirection,
  removeHostProbes,
} from '../../src/net/index.ts';
import { enterSandbox } from '../support/netns.ts';
import { readAll, servePod } from '../ztunnel/support/programs.ts';
import { createTopology, type TestNode, type TestPod } from '../ztunnel/support/topology.ts';

const HELLO = 8080;

if (await enterSandbox(import.meta.filename, { timeoutSeconds: 240 })) {
  for (const kind of HOST_FIREWALL_KINDS) {
    test(`${kind}: processes of the node reach a captured pod past the mesh, its neighbours do not`, async (t) => {
      const topology = createTopology('hp');
      const [node] = topology.nodes;
      const pod = node.addPod('captured');
      const neighbour = node.addPod('neighbour');
      const server = await servePod(pod, HELLO, (socket) => {
        socket.end(`hello ${socket.remoteAddress?.replace('::ffff:', '')}`);
      });
      await capture(pod);
      const before = hostState(node);
      const rules = await openHostFirewall(node.netns.namespace, kind);

      t.equal(await greet(node, pod.v4), 'refused', 'without rules the mesh has everything');
      t.ok(await rules.install());
      t.notOk(await rules.install(), 'once is enough');
      t.equal(await greet(node, pod.v4), 'refused', 'only pods that were named');
      await rules.add([
        { address: pod.v4 as IpAddress, owner: 'uid-1' },
        { address: pod.v6 as IpAddress, owner: 'uid-1' },
      ]);
      t.equal(await greet(node, pod.v4), `hello 169.254.7.127`);
      t.equal(await greet(node, pod.v6), `hello fd16:9254:7127:1337:ffff:ffff:ffff:ffff`);
      t.equal(await greet(neighbour, pod.v4), 'refused', 'a neighbour is a client like any other');
      t.equal(await greet(neighbour, pod.v6), 'refused');
      t.equal(await greet(pod, pod.v4), `hello ${pod.v4}`, 'the pod itself');

      await rules.add([{ address: pod.v4 as IpAddress, owner: 'uid-2' }]);
      t.strictSame(
        await rules.members(),
        new Map([
          [pod.v4, 'uid-2'],
          [pod.v6, 'uid-1'],
        ]),
        'whose it is now',
      );
      await rules.delete([pod.v6 as IpAddress]);
      await rules.delete([pod.v6 as IpAddress]);
      t.equal(await greet(node, pod.v6), 'refused');

      flush(node, kind);
      t.equal(await greet(node, pod.v4), 'refused', 'somebody flushed the rules');
      t.ok(await rules.install(), 'noticed');
      await rules.add([{ address: pod.v4 as IpAddress, owner: 'uid-2' }]);
      t.equal(await greet(node, pod.v4), `hello 169.254.7.127`);

      await removeHostProbes(node.netns.namespace);
      await removeHostProbes(node.netns.namespace);
      t.strictSame(hostState(node), kind === 'iptables-legacy' ? withLegacyTables(before) : before);
      await server.close();
      topology.close();
    });
  }

  test('rules are written as the kubelet and kube-proxy write theirs', async (t) => {
    const topology = createTopology('hd');
    const [node, other] = topology.nodes;
    const detect = async (): Promise<HostFirewallKind> => (await openHostFirewall(node.netns.namespace)).kind;
    t.equal(await detect(), 'nft', 'nothing there: the best that works');
    node.netns.run('iptables-legacy', '-t', 'mangle', '-N', 'KUBE-KUBELET-CANARY');
    t.equal(await detect(), 'iptables-legacy');
    node.netns.run('iptables-nft', '-t', 'mangle', '-N', 'KUBE-IPTABLES-HINT');
    node.netns.run('iptables-nft', '-t', 'nat', '-N', 'KUBE-SERVICES');
    t.equal(await detect(), 'iptables-nft', 'more of them');
    node.netns.run('nft', 'add', 'table', 'ip', 'kube-proxy');
    t.equal(await detect(), 'nft', 'kube-proxy in nftables mode');
    t.equal((await openHostFirewall(other.netns.namespace, 'iptables-legacy')).kind, 'iptables-legacy');
    topology.close();
  });

  test('what Istio keeps on the node is left alone', async (t) => {
    const topology = createTopology('hi');
    const [node] = topology.nodes;
    const { run } = node.netns;
    run('ipset', 'create', 'istio-inpod-probes-v4', 'hash:ip', 'comment');
    run('ipset', 'add', 'istio-inpod-probes-v4', '10.244.1.9', 'comment', 'theirs');
    run('iptables', '-t', 'nat', '-N', 'ISTIO_POSTRT');
    run('iptables', '-t', 'nat', '-I', 'POSTROUTING', '1', '-j', 'ISTIO_POSTRT');
    const before = hostState(node);
    const rules = await openHostFirewall(node.netns.namespace, 'iptables-nft');
    await rules.install();
    await rules.add([{ address: '10.244.1.7' as IpAddress, owner: 'uid' }]);
    await removeHostProbes(node.netns.namespace);
    t.strictSame(hostState(node), before);
    topology.close();
  });
}

/** As the ztunnel captures it, with nobody behind: whatever the rules give to the mesh is refused. */
async function capture({ netns }: TestPod): Promise<void> {
  const plan = planRedirection();
  await applyRedirection(netns.namespace, plan, 'routing');
  await applyRedirection(netns.namespace, plan, 'nat');
}

/** What the pod's server says, or that there is none. */
async function greet({ netns }: TestNode | TestPod, address: string): Promise<string> {
  try {
    const to = { address: address as IpAddress, port: HELLO };
    const socket = await connectTcp({ namespace: netns.namespace, ...to, timeoutMs: 5_000 });
    const { text } = await readAll(socket);
    socket.destroy();
    return text;
  } catch (error) {
    if (errnoOf(error) === 'ECONNREFUSED') return 'refused';
    throw error;
  }
}

function flush({ netns }: TestNode, kind: HostFirewallKind): void {
  if (kind === 'nft') netns.run('nft', 'flush', 'ruleset');
  else netns.run(kind, '-t', 'nat', '-F');
}

/** Everything on the node that rules could have changed. */
function hostState({ netns }: TestNode): Readonly<Record<string, string>> {
  const lists: readonly (readonly [string, ...string[]])[] = [
    ['nft', 'list', 'ruleset'],
    ['iptables-legacy-save'],
    ['ip6tables-legacy-save'],
    ['ipset', 'list'],
    ['ip', 'rule'],
    ['ip', '-6', 'rule'],
    ['ip', 'route', 'show', 'table', 'all'],
  ];
  const text = (list: readonly [string, ...string[]]): string =>
    netns
      .run(...list)
      .replaceAll(/^#.*\n/gm, '')
      // What is counted goes on by itself.
      .replaceAll(/\[\d+:\d+\]/g, '')
      .replaceAll(/ packets \d+ bytes \d+/g, '');
  return Object.fromEntries(lists.map((list) => [list.join(' '), text(list)]));
}

/** A table of the old iptables stays, empty, as long as its namespace lives: the kernel has no way to take one away. */
function withLegacyTables(state: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const table = '*nat\n:PREROUTING ACCEPT \n:INPUT ACCEPT \n:OUTPUT ACCEPT \n:POSTROUTING ACCEPT \nCOMMIT\n';
  return { ...state, 'iptables-legacy-save': table, 'ip6tables-legacy-save': table };
}
