import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import {
  type FakeKubernetesApi,
  startFakeKubernetesApi,
} from '../../support/kubernetes-api/fake-kubernetes-api.ts';
import type { ApiObject, Json } from '../../support/kubernetes-api/api-object.ts';
import { makeCertificate } from '../../identity/support/certificates.ts';
import { DEFAULT_RESOURCES, define } from '../../support/kubernetes-api/resource-table.ts';
import { nodemesh } from '../../lab/support/lab-fixture.ts';

/** A cluster whose controllers do their work at once, and the command line that works on it. */
export interface InstallCluster {
  readonly api: FakeKubernetesApi;
  run(...args: readonly string[]): ReturnType<typeof nodemesh>;
  /** Rollouts end, namespaces go with all that is in them, pods are let go of; false: nobody does any of it. */
  works: boolean;
  /** A controller leads, and writes what the one that does writes. */
  leads: boolean;
}

const SYSTEM = 'nodemesh-system';
const RENEWED_MS = 2_000;

const RESOURCES = [
  ...DEFAULT_RESOURCES,
  define('rbac.authorization.k8s.io/v1', 'Role', { noStatus: true }),
  define('rbac.authorization.k8s.io/v1', 'RoleBinding', { noStatus: true }),
  define('rbac.authorization.k8s.io/v1', 'ClusterRole', { cluster: true, noStatus: true }),
  define('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', { cluster: true, noStatus: true }),
  define('networking.k8s.io/v1', 'NetworkPolicy', { plural: 'networkpolicies', noStatus: true }),
  define('autoscaling/v2', 'HorizontalPodAutoscaler'),
  define('apps/v1', 'ControllerRevision', { noStatus: true }),
  define('v1', 'ResourceQuota'),
  define('security.openshift.io/v1', 'SecurityContextConstraints', {
    plural: 'securitycontextconstraints',
    cluster: true,
    noStatus: true,
  }),
  define('admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicy', {
    plural: 'validatingadmissionpolicies',
    cluster: true,
  }),
];

export async function startInstallCluster(t: Test): Promise<InstallCluster> {
  const { pem: root } = await makeCertificate({ name: 'CN=root', ca: true });
  const api = await startFakeKubernetesApi({ resources: RESOURCES });
  const folder = await mkdtemp(join(tmpdir(), 'nodemesh-install-'));
  const kubeconfig = api.writeKubeconfig(join(folder, 'kubeconfig'));
  const cluster: InstallCluster = {
    api,
    works: true,
    leads: true,
    run: (...args) => nodemesh([...args, '--kubeconfig', kubeconfig]),
  };
  const timer = setInterval(() => {
    if (cluster.works) control(api, cluster.leads ? root : undefined);
  }, 50);
  t.teardown(async () => {
    clearInterval(timer);
    await api.close();
    await rm(folder, { recursive: true });
  });
  return cluster;
}

/** All objects of a kind, as they are now. */
export function objectsOf({ store }: FakeKubernetesApi, resource: string): readonly ApiObject[] {
  return store.listAt(resource, store.version);
}

function control(api: FakeKubernetesApi, root: string | undefined): void {
  for (const kind of ['Deployment', 'DaemonSet'] as const)
    for (const object of objectsOf(api, `${kind.toLowerCase()}s.apps`)) {
      const { generation = 1 } = object.metadata;
      const { observedGeneration } = (object.status ?? {}) as { readonly observedGeneration?: number };
      if (observedGeneration !== generation)
        api.put({ ...object, kind, status: rolledOut(object, generation) });
    }
  const namespaces = new Set(objectsOf(api, 'namespaces').map(({ metadata }) => metadata.name));
  for (const { kind, plural, group, namespaced } of RESOURCES)
    if (namespaced)
      for (const { metadata } of objectsOf(api, group === '' ? plural : `${plural}.${group}`))
        if (!namespaces.has(metadata.namespace))
          api.remove(kind, metadata.namespace ?? '', metadata.name ?? '');
  letPodsGo(api);
  if (root !== undefined && namespaces.has(SYSTEM)) lead(api, root);
}

/** What the controller that leads writes; its lease again and again. */
function lead(api: FakeKubernetesApi, root: string): void {
  const metadata = { namespace: SYSTEM, name: 'nodemesh-root-cert' };
  if (api.get('ConfigMap', SYSTEM, metadata.name) === undefined)
    api.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'root-cert.pem': root } });
  const renewTime = new Date(Math.floor(Date.now() / RENEWED_MS) * RENEWED_MS).toISOString();
  const spec = { holderIdentity: 'nodemesh-controller-1_0', renewTime };
  const lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace: SYSTEM, name: 'nodemesh-controller' },
    spec,
  };
  if (JSON.stringify(api.get('Lease', SYSTEM, 'nodemesh-controller')?.spec) !== JSON.stringify(spec))
    api.put(lease);
  const gatewayClass = objectsOf(api, 'gatewayclasses.gateway.networking.k8s.io').find(
    ({ metadata: { name } }) => name === 'nodemesh-waypoint',
  );
  if (gatewayClass !== undefined && gatewayClass.status === undefined)
    api.put({
      ...gatewayClass,
      kind: 'GatewayClass',
      status: { conditions: [{ type: 'Accepted', status: 'True' }] },
    });
  const configuration = api.get('ValidatingWebhookConfiguration', '', 'nodemesh');
  const webhooks = (configuration?.webhooks ?? []) as readonly { readonly clientConfig: Json }[];
  if (
    configuration === undefined ||
    webhooks.every(({ clientConfig }) => clientConfig.caBundle !== undefined)
  )
    return;
  api.put({
    ...configuration,
    kind: 'ValidatingWebhookConfiguration',
    webhooks: webhooks.map((webhook) => ({
      ...webhook,
      clientConfig: { ...webhook.clientConfig, caBundle: 'cm9vdA==' },
    })),
  });
}

/** Of everything but the lease, which is always new. */
export function versionOf(api: FakeKubernetesApi): number {
  const versions = RESOURCES.filter(({ kind }) => kind !== 'Lease').flatMap(({ plural, group }) =>
    objectsOf(api, group === '' ? plural : `${plural}.${group}`).map(({ metadata }) =>
      Number(metadata.resourceVersion),
    ),
  );
  return Math.max(0, ...versions);
}

function rolledOut({ spec }: ApiObject, observedGeneration: number): Readonly<Record<string, number>> {
  const { replicas = 1 } = spec as { readonly replicas?: number };
  return {
    observedGeneration,
    desiredNumberScheduled: replicas,
    updatedNumberScheduled: replicas,
    numberAvailable: replicas,
    updatedReplicas: replicas,
    availableReplicas: replicas,
  };
}

function letPodsGo(api: FakeKubernetesApi): void {
  letGo(api, 'istio.io/dataplane-mode', 'ambient.istio.io/redirection');
  letGo(api, 'nodemesh.io/dataplane-mode', 'nodemesh.io/redirection');
}

function letGo(api: FakeKubernetesApi, label: string, annotation: string): void {
  const enrolled = new Set(
    objectsOf(api, 'namespaces')
      .filter(({ metadata }) => metadata.labels?.[label] === 'ambient')
      .map(({ metadata }) => metadata.name),
  );
  for (const pod of objectsOf(api, 'pods')) {
    const { annotations = {}, namespace } = pod.metadata;
    const { [annotation]: redirection, ...others } = annotations;
    if (redirection !== undefined && !enrolled.has(namespace))
      api.put({ ...pod, kind: 'Pod', metadata: { ...pod.metadata, annotations: others } });
  }
}
