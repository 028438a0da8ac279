import { X509Certificate } from 'node:crypto';
import { createSignal } from '../../../../src/base/index.ts';
import { type AuthorityMaterial, createSigningRequest } from '../../../../src/identity/index.ts';
import { workloadIdentity } from '../../../../src/model/index.ts';
import { createGrpcClient } from '../../../../src/wire/index.ts';
import type { FakeKubernetesApi } from '../../../support/kubernetes-api/fake-kubernetes-api.ts';
import { nodeTokens, type Replica } from '../replica.ts';

/** What node proxies trust. */
export function rootsIn(fake: FakeKubernetesApi): string {
  const data = fake.get('ConfigMap', 'nodemesh-system', 'nodemesh-root-cert')?.data;
  return String((data as Record<string, string> | undefined)?.['root-cert.pem'] ?? '');
}

/** A certificate that a node asks for. */
export interface Issued {
  /** PEM. */
  readonly roots: string;
  isBy(authority: AuthorityMaterial): boolean;
}

export async function issue(fake: FakeKubernetesApi, replica: Replica): Promise<Issued> {
  const identity = workloadIdentity({
    ...{ trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'cart' },
  });
  const client = createGrpcClient({
    address: replica.address,
    serverName: 'localhost',
    roots: { read: async () => rootsIn(fake), changes: createSignal<void>() },
    token: async () => 'node/node-1',
    clusterId: 'Kubernetes',
  });
  try {
    const { csrPem } = await createSigningRequest(identity);
    const { chainPem } = await client.createCertificate({ csrPem, ttlMs: 0, impersonated: identity });
    const leaf = new X509Certificate(chainPem[0] ?? '');
    return {
      roots: chainPem.at(-1) ?? '',
      isBy: ({ certificatePem }) => leaf.verify(new X509Certificate(certificatePem).publicKey),
    };
  } finally {
    await client.close();
  }
}

/** A cluster with a shop on node-1, and the pods of two replicas. */
export function furnish(fake: FakeKubernetesApi): void {
  for (const name of ['a', 'b'])
    fake.put({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'nodemesh-system', name } });
  nodeTokens(fake, ['node-1']);
  fake.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  fake.put({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'shop', name: 'cart', uid: 'uid-cart' },
    spec: { serviceAccountName: 'cart', nodeName: 'node-1' },
    status: { phase: 'Running', podIP: '10.244.1.2' },
  });
}
