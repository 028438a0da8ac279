import type { Test } from 'tap';
import { createSignal } from '../../../src/base/index.ts';
import type { WorkloadUid } from '../../../src/model/index.ts';
import { createGrpcClient, type GrpcClient } from '../../../src/wire/index.ts';
import { SYSTEM, tokenOf } from './installed-mesh.ts';
import type { Kubectl } from './kubectl.ts';
import { rootsOf } from './ztunnel-process.ts';

/** What a ztunnel says to a controller, with this token. */
export async function openNodeClient(
  t: Test,
  kubectl: Kubectl,
  options: { readonly address: string; readonly token: string },
): Promise<GrpcClient> {
  const roots = await rootsOf(kubectl);
  const client = createGrpcClient({
    address: options.address,
    serverName: 'localhost',
    roots: { read: async () => roots, changes: createSignal<void>() },
    token: async () => options.token,
    clusterId: 'Kubernetes',
  });
  t.teardown(() => client.destroy());
  return client;
}

/** Tells of pods of one node as its ztunnel does when it has captured them. */
export async function openReporter(
  t: Test,
  kubectl: Kubectl,
  node: { readonly address: string; readonly name: string; readonly ztunnel: string },
): Promise<(namespace: string, pod: string) => Promise<void>> {
  const token = await tokenOf(kubectl, {
    ...{ namespace: SYSTEM, account: 'ztunnel', pod: node.ztunnel, audience: 'istio-ca' },
  });
  const client = await openNodeClient(t, kubectl, { address: node.address, token });
  let generation = 0;
  return async (namespace, name) => {
    const uid = `Kubernetes//Pod/${namespace}/${name}` as WorkloadUid;
    for (const state of ['prepared', 'captured'] as const) {
      generation += 1;
      const pods = [{ uid, state, errorCode: '', error: '' }];
      await client.reportNode({ node: node.name, generation, pods });
    }
  };
}
