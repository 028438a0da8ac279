import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RealNode } from './real-cluster.ts';

/** What the mesh may have left on a node. */
export function stateOf(node: RealNode): object {
  const file = (name: string): string => join(node.folder, name);
  return {
    chain: readFileSync(file('etc/cni/net.d/10-pods.conflist'), 'utf8'),
    networks: readdirSync(file('etc/cni/net.d')),
    plugins: readdirSync(file('opt/cni/bin')),
    folder: node.run('sh', '-c', 'ls -d /run/nodemesh 2>/dev/null || true'),
    rules: node.run('ip', 'rule'),
    sets: node.run('sh', '-c', '(nft list tables; ipset list -n) | sort'),
    chains: node.run('sh', '-c', "iptables-save | grep -c -i -E 'nodemesh|istio' || true"),
  };
}

/** Addresses that probes of the node reach past the mesh. */
export function probedOn(node: RealNode): readonly string[] {
  const list = node.run('sh', '-c', "ipset list nodemesh-probes-v4 | grep -o '^10[0-9.]*' || true");
  return list.split('\n').filter(Boolean).toSorted();
}

/** Whether a pod's port answers somebody who is no kubelet: from another node. */
export function answers(nodes: readonly RealNode[], address: string): boolean {
  const other = address.startsWith('10.244.1.') ? nodes[1] : nodes[0];
  const program = `fetch('http://${address}:8080', {signal: AbortSignal.timeout(3000)}).then(() => console.log('answered'), () => console.log('refused'))`;
  return other?.run(process.execPath, '-e', program).includes('answered') ?? false;
}
