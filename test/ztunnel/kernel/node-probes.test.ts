import { test } from 'tap';
import { silentLogger } from '../../../src/base/index.ts';
import type { EnrolmentPod, IpAddress, WorkloadUid } from '../../../src/model/index.ts';
import { openHostFirewall } from '../../../src/net/index.ts';
import { createNodeProbes } from '../../../src/ztunnel/kernel/index.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { createTestNamespace, enterSandbox } from '../../support/netns.ts';
import { podOf } from '../support/pod-of.ts';

const REPAIRED_WITHIN_MS = 15_000;

if (await enterSandbox(import.meta.filename)) {
  for (const firewall of ['nft', 'iptables-nft'] as const) {
    test(`${firewall}: addresses come and go with their pods, and one that was given to another pod stays`, async (t) => {
      const { host, probes, members } = await createWorld(firewall);
      await Promise.all([
        probes.admit(pod('one', '10.0.0.1')),
        probes.admit(pod('two', '10.0.0.2', 'fd00::2')),
      ]);
      t.strictSame(await members(), { '10.0.0.1': 'uid-one', '10.0.0.2': 'uid-two', 'fd00::2': 'uid-two' });
      await probes.admit(pod('three', '10.0.0.1'));
      probes.release('one' as WorkloadUid);
      probes.release('two' as WorkloadUid);
      await probes.admit(pod('four', '10.0.0.4'));
      t.strictSame(await members(), { '10.0.0.1': 'uid-three', '10.0.0.4': 'uid-four' });
      await probes.admit(pod('four', '10.0.0.5'));
      await probes.prune([pod('three', '10.0.0.1'), pod('four', '10.0.0.5')]);
      t.strictSame(await members(), { '10.0.0.1': 'uid-three', '10.0.0.5': 'uid-four' }, 'another address');
      probes.close();
      host.close();
    });

    test(`${firewall}: what an earlier process left is kept until the pods are known`, async (t) => {
      const { host, probes, members, again } = await createWorld(firewall);
      await probes.admit(pod('still-here', '10.0.0.1'));
      await probes.admit(pod('gone', '10.0.0.2'));
      probes.close();
      const next = again();
      await next.admit(pod('new', '10.0.0.3'));
      t.strictSame(Object.keys(await members()).sort(), ['10.0.0.1', '10.0.0.2', '10.0.0.3']);
      await next.prune([pod('still-here', '10.0.0.1'), pod('new', '10.0.0.3')]);
      t.strictSame(Object.keys(await members()).sort(), ['10.0.0.1', '10.0.0.3']);
      next.close();
      host.close();
    });
  }

  test('rules that somebody flushed are there again at the next look', async (t) => {
    const { host, probes, members, clock } = await createWorld('nft');
    await probes.admit(pod('one', '10.0.0.1'));
    host.run('nft', 'flush', 'ruleset');
    await clock.advance(REPAIRED_WITHIN_MS);
    await probes.admit(pod('two', '10.0.0.2'));
    t.strictSame(await members(), { '10.0.0.1': 'uid-one', '10.0.0.2': 'uid-two' });
    t.match(host.run('nft', 'list', 'ruleset'), /snat ip to 169\.254\.7\.127/);
    probes.close();
    host.close();
  });

  test('a network that cannot be opened is an error, and tried again', async (t) => {
    const clock = createFakeClock();
    const options = { firewall: 'auto', clock, log: silentLogger } as const;
    const probes = createNodeProbes({ ...options, hostNamespace: '/run/netns/host' });
    await t.rejects(probes.admit(pod('one', '10.0.0.1')), { code: 'ERR_NET_NAMESPACE_GONE' });
    const host = createTestNamespace('host');
    await probes.admit(pod('one', '10.0.0.1'));
    t.match(host.run('nft', 'list', 'ruleset'), /10\.0\.0\.1 comment "uid-one"/);
    probes.close();
    host.close();
  });
}

async function createWorld(firewall: 'nft' | 'iptables-nft') {
  const clock = createFakeClock();
  const host = createTestNamespace('host');
  const again = () =>
    createNodeProbes({ hostNamespace: '/run/netns/host', firewall, clock, log: silentLogger });
  return {
    clock,
    host,
    again,
    probes: again(),
    async members(): Promise<Record<string, string>> {
      const rules = await openHostFirewall(host.namespace, firewall);
      return Object.fromEntries((await rules.members()) ?? []);
    },
  };
}

function pod(name: string, ...addresses: readonly string[]): EnrolmentPod {
  return podOf({
    uid: name as WorkloadUid,
    name,
    kubernetesUid: `uid-${name}`,
    addresses: addresses as readonly IpAddress[],
  });
}
