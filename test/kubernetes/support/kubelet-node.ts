import type { FakeKubelet } from '../../support/kubernetes-cluster/fake-kubelet.ts';
import type { Kubectl } from './kubectl.ts';

/** Tells the API server where a node's kubelet is. The node must be there. */
export async function nodeOn(kubectl: Kubectl, node: string, { port }: FakeKubelet): Promise<void> {
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
  };
  await kubectl.must([
    ...['patch', 'node', node, '--subresource=status', '--type=merge'],
    ...['-p', JSON.stringify({ status })],
  ]);
}
