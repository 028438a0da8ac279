import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import {
  createKubernetesApi,
  type KubernetesApi,
  type KubernetesApiOptions,
  resourceType,
} from '../../../src/controller/kubernetes/index.ts';
import {
  type FakeKubernetesApi,
  type FakeKubernetesApiOptions,
  startFakeKubernetesApi,
} from '../../support/kubernetes-api/fake-kubernetes-api.ts';

export const PODS = resourceType('v1', 'pods', true);
export const NODES = resourceType('v1', 'nodes', false);
export const GATEWAYS = resourceType('gateway.networking.k8s.io/v1', 'gateways', true);
export const LEASES = resourceType('coordination.k8s.io/v1', 'leases', true);

export const pod = (name: string, labels: Readonly<Record<string, string>> = {}) => ({
  kind: 'Pod',
  metadata: { name, namespace: 'shop', labels },
});

/** A server and a client of it, which are closed with the test. */
export async function connected(
  t: Test,
  server: FakeKubernetesApiOptions = {},
  client: Partial<KubernetesApiOptions> = {},
): Promise<{ readonly fake: FakeKubernetesApi; readonly api: KubernetesApi; readonly kubeconfig: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'nodemesh-kubeconfig-'));
  const fake = await startFakeKubernetesApi(server);
  const kubeconfig = fake.writeKubeconfig(join(directory, 'config'));
  const api = createKubernetesApi({ access: { kind: 'kubeconfig', file: kubeconfig }, ...client });
  t.teardown(async () => {
    await api.close();
    await fake.close();
    await rm(directory, { recursive: true });
  });
  return { fake, api, kubeconfig };
}
