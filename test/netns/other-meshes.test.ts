import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'tap';
import {
  applyRedirection,
  inspectRedirection,
  planRedirection,
  removeRedirection,
} from '../../src/net/index.ts';
import { conformancePath, needsConformanceData } from '../support/conformance.ts';
import { createTestNamespace, enterSandbox, type TestNamespace } from '../support/netns.ts';

/** What others call a chain that captures, each in the nat table of the pod. */
const CHAINS = [
  ['ISTIO_INBOUND', 'Istio'],
  ['PROXY_INIT_REDIRECT', 'Linkerd'],
  ['CILIUM_PREROUTING', 'Cilium'],
  ['KUMA_MESH_INBOUND', 'Kuma'],
  ['CONSUL_PROXY_INBOUND', 'Consul'],
  ['NODEMESH_OUTPUT', 'a nodemesh that left no mark'],
  ['CUSTOM_OUTPUT', undefined],
] as const;

const own = planRedirection({ naming: 'own' });

if (await enterSandbox(import.meta.filename, { alsoAsUser: true })) {
  const needsData = needsConformanceData();
  const folder = (kind: string): string => conformancePath(`istio/pod-redirection/${kind}`);
  const goldens = (kind: string): readonly string[] =>
    needsData.skip === undefined
      ? readdirSync(folder(kind)).filter((file) => !file.startsWith('hostprobe'))
      : [];

  test('whatever rules Istio has made in a pod are found to be its own', needsData, async (t) => {
    for (const kind of ['iptables', 'nftables'] as const)
      for (const file of goldens(kind)) {
        const pod = createTestNamespace('theirs');
        applyGolden(pod, kind, readFileSync(`${folder(kind)}/${file}`, 'utf8'));
        t.match(
          await inspectRedirection(pod.namespace, [4, 6]),
          { naming: undefined, otherMesh: 'Istio' },
          `${kind} ${file}`,
        );
        pod.close();
      }
  });

  test('other meshes are known by their chains, and chains of other programs are none', async (t) => {
    for (const [chain, mesh] of CHAINS) {
      const pod = createTestNamespace('theirs');
      pod.run('iptables', '-t', 'nat', '-N', chain);
      t.equal((await inspectRedirection(pod.namespace)).otherMesh, mesh, chain);
      pod.close();
    }
  });

  const legacy = ['/usr/sbin/iptables-legacy', '/sbin/iptables-legacy'].find(existsSync);
  const withoutLegacy = legacy === undefined ? { skip: 'this machine has no legacy iptables' } : {};
  test(
    'rules that the other iptables has made are seen too, and looking makes none',
    withoutLegacy,
    async (t) => {
      const pod = createTestNamespace('theirs');
      await inspectRedirection(pod.namespace, [4, 6]);
      t.equal(pod.run('cat', '/proc/self/net/ip_tables_names'), '', 'looking made no table');
      pod.run(legacy ?? '', '-t', 'nat', '-N', 'ISTIO_OUTPUT');
      t.equal((await inspectRedirection(pod.namespace)).otherMesh, 'Istio');
      pod.close();
    },
  );

  test("taking ours away leaves Istio's rules where they are", needsData, async (t) => {
    const pod = createTestNamespace('theirs');
    applyGolden(pod, 'iptables', readFileSync(`${folder('iptables')}/default_ipv6.golden`, 'utf8'));
    pod.run('ip', 'rule', 'add', 'fwmark', '0x111/0xfff', 'pref', '32764', 'lookup', '100');
    const before = dump(pod);
    for (const part of ['nat-inbound', 'nat-outbound', 'nat', 'routing'] as const)
      t.equal(await removeRedirection(pod.namespace, part), false, part);
    t.equal(dump(pod), before);
    pod.close();
  });

  test('under names of our own, what Istio takes away late is not ours', async (t) => {
    const pod = createTestNamespace('ours');
    const before = dump(pod);
    await applyRedirection(pod.namespace, own, 'routing');
    await applyRedirection(pod.namespace, own, 'nat');
    const captured = dump(pod);
    t.notMatch(captured, /ISTIO_|0x539|0x111|lookup 100/);
    t.match(captured, /fwmark 0x2e2\/0xfff lookup 110/);
    for (const command of ['ip rule del pref 32764', 'ip route flush table 100', ...UNHOOKED])
      pod.run('sh', '-c', `${command} 2>/dev/null || true`);
    t.equal(dump(pod), captured);
    t.match(await inspectRedirection(pod.namespace), {
      naming: 'own',
      routing: true,
      natInbound: true,
      natOutbound: true,
      otherMesh: undefined,
    });
    pod.run('iptables', '-t', 'nat', '-N', 'ISTIO_OUTPUT');
    t.equal((await inspectRedirection(pod.namespace)).otherMesh, 'Istio', 'two meshes in one pod');
    pod.run('iptables', '-t', 'nat', '-X', 'ISTIO_OUTPUT');
    t.equal(await removeRedirection(pod.namespace, 'nat'), true);
    t.equal(await removeRedirection(pod.namespace, 'routing'), true);
    t.equal(dump(pod), before);
    pod.close();
  });

  test('a pod keeps the names that it was captured under', async (t) => {
    const pod = createTestNamespace('kept');
    const before = dump(pod);
    const theirs = planRedirection();
    await applyRedirection(pod.namespace, theirs, 'routing');
    await applyRedirection(pod.namespace, theirs, 'nat');
    const captured = dump(pod);
    for (const part of ['routing', 'nat'] as const)
      await t.rejects(applyRedirection(pod.namespace, own, part), { code: 'ERR_NET_REDIRECTION_OPTIONS' });
    t.equal(dump(pod), captured);
    t.match(await inspectRedirection(pod.namespace), { naming: 'istio', otherMesh: undefined });
    await removeRedirection(pod.namespace, 'nat');
    await removeRedirection(pod.namespace, 'routing');
    t.equal(dump(pod), before);
    pod.close();
  });
}

/** The jumps that Istio's agent deletes when it lets a pod go. */
const UNHOOKED = ['mangle', 'nat'].flatMap((table) => [
  `iptables -t ${table} -D PREROUTING -j ISTIO_PRERT`,
  `iptables -t ${table} -D OUTPUT -j ISTIO_OUTPUT`,
]);

function applyGolden(pod: TestNamespace, kind: 'iptables' | 'nftables', text: string): void {
  const give = (command: string, parameters: readonly string[], input: string): void => {
    pod.namespace.inside(() => execFileSync(command, parameters, { input, timeout: 20_000 }));
  };
  if (kind === 'nftables') {
    give('nft', ['-f', '-'], text);
    return;
  }
  const tables = text.replaceAll(/^ip6?tables-save\n/gm, '').replaceAll(/^\* /gm, '*');
  for (const [index, rules] of tables.split(/(?=^\*mangle)/m).entries())
    give(index === 0 ? 'iptables-restore' : 'ip6tables-restore', ['--noflush'], `${rules.trimEnd()}\n`);
}

function dump(pod: TestNamespace): string {
  const commands = ['iptables-save', 'ip6tables-save', 'ip rule', 'ip -6 rule', 'ip route show table all'];
  return commands
    .map((command) => pod.run('sh', '-c', command))
    .join('')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\[\d+:\d+\]/g, '');
}
