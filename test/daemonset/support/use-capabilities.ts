// What a ztunnel does in a pod's network namespace, one step after the other: `node use-capabilities.ts NAMESPACE`. Run by
// ../capabilities.test.ts under a set of capabilities; ends with the name of the first step that is not allowed.
import { closeSync } from 'node:fs';
import {
  applyRedirection,
  openListener,
  openNamespace,
  planRedirection,
  writeSysctls,
} from '../../../src/net/index.ts';

const [, , path = ''] = process.argv;

async function step<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    process.stdout.write(`refused: ${name}: ${String(error)}\n`);
    process.exit(1);
  }
}

const namespace = await step('open', () => openNamespace(path));
await step('sysctl', () => writeSysctls(namespace, new Map([['net.ipv4.tcp_migrate_req', '1']])));
for (const [name, port] of [
  ['outbound', 15001],
  ['inbound', 15008],
] as const)
  closeSync(await step(name, () => openListener(namespace, { address: '0.0.0.0', port, transparent: true })));
const plan = planRedirection({ ipv6: false });
await step('routing', () => applyRedirection(namespace, plan, 'routing'));
await step('rules', () => applyRedirection(namespace, plan, 'nat'));
process.stdout.write('all done\n');
