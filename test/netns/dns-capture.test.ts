import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { capturesDns } from '../../src/net/index.ts';
import { conformancePath, needsConformanceData } from '../support/conformance.ts';
import { createTestNamespace, enterSandbox } from '../support/netns.ts';

if (await enterSandbox(import.meta.filename)) {
  const golden = (kind: string, name: string) =>
    readFileSync(conformancePath(`istio/pod-redirection/${kind}/${name}.golden`), 'utf8');

  for (const [name, captures] of [
    ['default', true],
    ['dns_pod_disabled_and_on_globally', false],
  ] as const) {
    const how = captures ? 'seen' : 'not seen where there is none';
    test(`a capture of DNS by Istio's iptables rules is ${how}`, needsConformanceData(), async (t) => {
      const netns = createTestNamespace('dns-iptables');
      t.equal(await capturesDns(netns.namespace), false, 'nobody has done anything');
      const [, input = ''] = golden('iptables', name)
        .replaceAll(/^\* /gm, '*')
        .split(/(?=^\*mangle)/m);
      netns.namespace.inside(() => execFileSync('iptables-restore', ['--noflush'], { input }));
      t.equal(await capturesDns(netns.namespace), captures);
      netns.close();
    });

    test(`a capture of DNS by Istio's nftables rules is ${how}`, needsConformanceData(), async (t) => {
      const netns = createTestNamespace('dns-nftables');
      const input = golden('nftables', name);
      netns.namespace.inside(() => execFileSync('nft', ['-f', '-'], { input }));
      t.equal(await capturesDns(netns.namespace), captures);
      netns.close();
    });
  }
}
