import { endShells } from '../../src/net/redirection/command.ts';
import { existsSync, mkdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { test } from 'tap';
import { parseCidr } from '../../src/model/index.ts';
import {
  applyRedirection,
  inspectRedirection,
  namespaceHasIpv6,
  planRedirection,
  readSysctls,
  removeRedirection,
  writeSysctls,
} from '../../src/net/index.ts';
import { loadConntrack } from '../../src/net/redirection/conntrack-module.ts';
import { createTestNamespace, enterSandbox } from '../support/netns.ts';
import { networkState, WRITTEN_SYSCTLS } from '../support/network-state.ts';

if (await enterSandbox(import.meta.filename, { alsoAsUser: true })) {
  test('a namespace is left exactly as it was found', async (t) => {
    const pod = createTestNamespace('fresh');
    const plan = planRedirection({
      dns: true,
      virtualInterfaces: ['tap0'],
      excludedOutboundCidrs: [parseCidr('192.0.2.0/24'), parseCidr('2001:db8::/32')],
      excludedInboundPorts: [9090],
    });
    const before = networkState(pod);
    t.equal(before.rules4, '', 'there was no table');
    await applyRedirection(pod.namespace, plan, 'routing');
    await applyRedirection(pod.namespace, plan, 'nat');
    const during = networkState(pod);
    t.match(during.rules4, /ISTIO_PRERT/);
    t.match(during.rules6, /ISTIO_PRERT/);
    t.match(during.policyRules4, /32764:\s+from all fwmark 0x111\/0xfff lookup 100/);
    t.match(during.policyRules6, /32764:\s+from all fwmark 0x111\/0xfff lookup 100/);
    t.match(during.routes4, /^local default dev lo table 100/m);
    t.match(during.routes6, /^local default dev lo table 100/m);
    t.same([...readSysctls(pod.namespace, WRITTEN_SYSCTLS).values()], ['0', '1']);
    for (const part of ['nat-inbound', 'nat-outbound', 'routing'] as const)
      await removeRedirection(pod.namespace, part);
    t.same(networkState(pod), before);
    pod.close();
  });

  test('the rules and settings of others stay untouched, also where tables are shared', async (t) => {
    const pod = createTestNamespace('shared');
    writeSysctls(pod.namespace, new Map([['net.ipv4.tcp_migrate_req', '1']]));
    pod.run('iptables', '-t', 'nat', '-N', 'THEIRS');
    pod.run('iptables', '-t', 'nat', '-A', 'OUTPUT', '-p', 'tcp', '--dport', '81', '-j', 'THEIRS');
    pod.run('iptables', '-A', 'INPUT', '-s', '203.0.113.7', '-j', 'DROP');
    pod.run('ip6tables', '-t', 'mangle', '-P', 'FORWARD', 'DROP');
    pod.run('ip', 'rule', 'add', 'fwmark', '7', 'lookup', '77', 'pref', '77');
    const before = networkState(pod);
    const plan = planRedirection();
    await applyRedirection(pod.namespace, plan, 'routing');
    await applyRedirection(pod.namespace, plan, 'nat');
    await removeRedirection(pod.namespace, 'nat');
    await removeRedirection(pod.namespace, 'routing');
    t.same(networkState(pod), before);
    pod.close();
  });

  test('applying and removing any number of times comes to the same', async (t) => {
    const pod = createTestNamespace('repeated');
    const before = networkState(pod);
    const plan = planRedirection();
    await applyRedirection(pod.namespace, plan, 'routing');
    await applyRedirection(pod.namespace, plan, 'nat');
    const once = networkState(pod);
    await applyRedirection(pod.namespace, plan, 'routing');
    await applyRedirection(pod.namespace, plan, 'nat');
    t.same(networkState(pod), once);
    for (const part of [
      'nat-inbound',
      'nat-inbound',
      'nat-outbound',
      'nat',
      'routing',
      'routing',
      'nat',
    ] as const)
      await removeRedirection(pod.namespace, part);
    t.same(networkState(pod), before);
    pod.close();
  });

  test('another plan replaces the one before, and what that left is removed as well', async (t) => {
    const pod = createTestNamespace('replaced');
    const before = networkState(pod);
    const first = planRedirection({ dns: true });
    await applyRedirection(pod.namespace, first, 'routing');
    await applyRedirection(pod.namespace, first, 'nat');
    const second = planRedirection({ inbound: false, excludedOutboundPorts: [25] });
    await applyRedirection(pod.namespace, second, 'nat');
    const { rules4 } = networkState(pod);
    t.notMatch(rules4, /15006|15053/);
    t.match(rules4, /--dport 25 -j RETURN/);
    await removeRedirection(pod.namespace, 'nat');
    await removeRedirection(pod.namespace, 'routing');
    t.same(networkState(pod), before);
    pod.close();
  });

  test('what was applied can be told by a process that did not apply it', async (t) => {
    const pod = createTestNamespace('inspected');
    const plan = planRedirection();
    const states = [await inspectRedirection(pod.namespace)];
    await applyRedirection(pod.namespace, plan, 'routing');
    states.push(await inspectRedirection(pod.namespace));
    await applyRedirection(pod.namespace, plan, 'nat');
    states.push(await inspectRedirection(pod.namespace));
    await removeRedirection(pod.namespace, 'nat-inbound');
    states.push(await inspectRedirection(pod.namespace));
    await removeRedirection(pod.namespace, 'routing');
    states.push(await inspectRedirection(pod.namespace));
    const row = (begun: boolean, routing: boolean, natInbound: boolean, natOutbound: boolean) => ({
      naming: begun ? 'istio' : undefined,
      routing,
      natInbound,
      natOutbound,
      otherMesh: undefined,
    });
    t.match(states, [
      row(false, false, false, false),
      row(true, true, false, false),
      row(true, true, true, true),
      row(true, true, false, true),
      row(false, false, false, false),
    ]);
    pod.run('iptables', '-t', 'nat', '-N', 'ISTIO_OUTPUT');
    t.match(await inspectRedirection(pod.namespace), { naming: undefined, otherMesh: 'Istio' });
    pod.close();
  });

  test('a part that fails leaves nothing of its own behind', async (t) => {
    const pod = createTestNamespace('failing');
    pod.run('ip', 'link', 'set', 'lo', 'down');
    const before = networkState(pod);
    const plan = planRedirection();
    await t.rejects(
      applyRedirection(pod.namespace, plan, 'routing'),
      { code: 'ERR_NET_NETLINK' },
      'lo is down',
    );
    t.same(networkState(pod), before);
    const [ipv4, ipv6] = plan.ruleSets;
    if (ipv4 === undefined || ipv6 === undefined) throw new Error('two families expected');
    const broken = {
      ...plan,
      ruleSets: [
        ipv4,
        {
          ...ipv6,
          tables: ipv6.tables.map((table) => ({
            ...table,
            chains: table.chains.map((chain) => ({ ...chain, rules: ['-j NOWHERE'] })),
          })),
        },
      ],
    };
    pod.run('ip', 'link', 'set', 'lo', 'up');
    const withLo = networkState(pod);
    await t.rejects(applyRedirection(pod.namespace, broken, 'routing'), { code: 'ERR_NET_COMMAND' });
    t.same(networkState(pod), withLo);
    await applyRedirection(pod.namespace, plan, 'routing');
    await t.rejects(applyRedirection(pod.namespace, broken, 'nat'), { code: 'ERR_NET_COMMAND' });
    t.match(await inspectRedirection(pod.namespace), {
      routing: true,
      natInbound: false,
      natOutbound: false,
    });
    await removeRedirection(pod.namespace, 'routing');
    t.same(networkState(pod), withLo);
    pod.close();
  });

  test('a process that died half way is picked up where it was, or undone', async (t) => {
    const pod = createTestNamespace('half-way');
    const before = networkState(pod);
    const plan = planRedirection();
    // What is there after the first of the steps: how the namespace was found, and nothing else.
    await applyRedirection(pod.namespace, plan, 'routing');
    for (const chain of ['ISTIO_PRERT', 'ISTIO_OUTPUT']) {
      for (const command of ['iptables', 'ip6tables']) {
        const hook = chain === 'ISTIO_PRERT' ? 'PREROUTING' : 'OUTPUT';
        pod.run(command, '-t', 'mangle', '-D', hook, '-j', chain);
        pod.run(command, '-t', 'mangle', '-F', chain);
        pod.run(command, '-t', 'mangle', '-X', chain);
      }
    }
    pod.run('ip', 'rule', 'del', 'pref', '32764');
    t.match(await inspectRedirection(pod.namespace), {
      naming: 'istio',
      routing: false,
      otherMesh: undefined,
    });
    await applyRedirection(pod.namespace, plan, 'routing');
    await applyRedirection(pod.namespace, plan, 'nat');
    t.match(await inspectRedirection(pod.namespace), { routing: true, natInbound: true, natOutbound: true });
    await removeRedirection(pod.namespace, 'routing');
    t.same(networkState(pod), before, 'the settings of before the first attempt');
    pod.close();
  });

  test('conntrack can be loaded without touching any namespace that is in use', async (t) => {
    const pod = createTestNamespace('untouched');
    const before = networkState(pod);
    const processNamespace = readlinkSync('/proc/thread-self/ns/net');
    await loadConntrack();
    t.same(networkState(pod), before);
    t.equal(readlinkSync('/proc/thread-self/ns/net'), processNamespace);
    pod.close();
  });

  const legacy = ['/usr/sbin/xtables-legacy-multi', '/sbin/xtables-legacy-multi'].find(existsSync);
  const withoutLegacy = legacy === undefined ? { skip: 'this machine has no legacy iptables' } : {};
  test('the legacy iptables does as well, but its empty tables stay', withoutLegacy, async (t) => {
    const path = process.env.PATH ?? '';
    mkdirSync('/run/legacy', { recursive: true });
    for (const name of ['iptables', 'iptables-save', 'iptables-restore'])
      for (const command of [name, name.replace('ip', 'ip6')])
        symlinkSync(legacy ?? '', `/run/legacy/${command}`);
    process.env.PATH = `/run/legacy:${path}`;
    endShells();
    t.teardown(() => {
      process.env.PATH = path;
      endShells();
    });
    const pod = createTestNamespace('legacy');
    t.match(pod.run('iptables', '-V'), 'legacy');
    const before = networkState(pod);
    const plan = planRedirection();
    await applyRedirection(pod.namespace, plan, 'routing');
    await applyRedirection(pod.namespace, plan, 'nat');
    t.match(await inspectRedirection(pod.namespace), { routing: true, natInbound: true, natOutbound: true });
    await removeRedirection(pod.namespace, 'nat');
    await removeRedirection(pod.namespace, 'routing');
    t.same(networkState(pod), before);
    t.match(pod.run('iptables-save'), /^\*nat$/m, 'the kernel keeps it');
    pod.close();
  });

  test('a namespace without IPv6 is captured for IPv4 alone', async (t) => {
    const pod = createTestNamespace('ipv4-only');
    t.equal(namespaceHasIpv6(pod.namespace), true);
    writeSysctls(pod.namespace, new Map([['net.ipv6.conf.all.disable_ipv6', '1']]));
    t.equal(namespaceHasIpv6(pod.namespace), false);
    const before = networkState(pod);
    const plan = planRedirection({ ipv6: namespaceHasIpv6(pod.namespace) });
    await applyRedirection(pod.namespace, plan, 'routing');
    await applyRedirection(pod.namespace, plan, 'nat');
    t.equal(networkState(pod).rules6, '');
    await removeRedirection(pod.namespace, 'nat');
    await removeRedirection(pod.namespace, 'routing');
    t.same(networkState(pod), before);
    pod.close();
  });
}
