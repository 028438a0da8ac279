import type { KubeObject } from '../../../../src/lab/cluster/objects/index.ts';
import type { ManifestObject } from '../../../../src/lab/cluster/index.ts';
import { createLabClient, type LabClient } from '../../../../src/lab/client/index.ts';
import { ENROLLED } from '../../../mesh/support/objects.ts';
import { type LabUnderTest, startLab } from '../../../mesh/support/lab-under-test.ts';
import { listOf, objectOf, type PodSelector, textOf } from '../data/index.ts';
import { CLIENT_LABEL, onServiceParents } from '../move/index.ts';
import { missingSecrets } from './missing-secrets.ts';
import { type DriverSession, openDriver } from './driver-session.ts';

/** The lab that all tests run in: the data's base manifests in the mesh, a waypoint and a client in every namespace. */
export interface ConformanceLab {
  readonly client: LabClient;
  readonly lab: LabUnderTest;
  apply(objects: readonly ManifestObject[]): Promise<void>;
  remove(objects: readonly ManifestObject[]): Promise<void>;
  /** The pod that sends for a case. */
  driver(selector: PodSelector): Promise<DriverSession>;
  podAddress(selector: PodSelector): Promise<string>;
  /** Namespaces of pods, by name. */
  podNamespaces(): Promise<ReadonlyMap<string, string>>;
  down(): Promise<void>;
}

/** Why parts of the base manifests are not applied. */
const LEFT_OUT: readonly {
  readonly matches: (object: ManifestObject) => boolean;
  readonly reason: string;
}[] = [
  {
    matches: ({ metadata }) => metadata.name === 'coredns',
    reason: 'it is for UDPRoutes, and no image of a lab',
  },
];

export async function startConformanceLab(
  name: string,
  base: readonly ManifestObject[],
): Promise<ConformanceLab> {
  const kept = base.filter((object) => !LEFT_OUT.some(({ matches }) => matches(object)));
  const objects = [...onServiceParents(kept).flatMap(withMesh), ...(await missingSecrets(kept))];
  const lab = await startLab(name, objects, ['--timeout', '120']);
  try {
    const status = JSON.parse(await lab.lab('status', '-o', 'json')) as { readonly stateDirectory: string };
    return createConformanceLab(lab, createLabClient(status.stateDirectory));
  } catch (error) {
    await lab.down();
    throw error;
  }
}

function createConformanceLab(lab: LabUnderTest, client: LabClient): ConformanceLab {
  const drivers = new Map<string, Promise<DriverSession>>();
  const podOf = async ({ namespace, labels }: PodSelector): Promise<KubeObject> => {
    const wanted = labels.split(',').map((pair) => pair.split('=') as [string, string]);
    const pods = await client.objects('Pod', namespace);
    const pod = pods.find(({ metadata }) => wanted.every(([key, value]) => metadata.labels[key] === value));
    if (pod === undefined) throw new Error(`no pod ${labels} in ${namespace}`);
    return pod;
  };
  return {
    client,
    lab,
    async apply(objects) {
      const failed = (await client.apply(objects)).filter(({ outcome }) => outcome === 'failed');
      if (failed.length > 0) throw new Error(failed.map(({ error }) => error).join('; '));
      if (objects.some(({ kind }) => kind === 'Deployment' || kind === 'Pod')) await podsReady(client);
    },
    async remove(objects) {
      for (const { kind, metadata } of objects.toReversed())
        await client.delete({ kind, namespace: metadata.namespace ?? 'default', name: metadata.name }, 0);
    },
    driver(selector) {
      const key = `${selector.namespace} ${selector.labels}`;
      const driver = drivers.get(key) ?? podOf(selector).then(({ metadata }) => openDriver(client, metadata));
      drivers.set(key, driver);
      return driver;
    },
    podAddress: async (selector) => textOf(objectOf((await podOf(selector)).status).podIP) ?? '',
    podNamespaces: async () =>
      new Map((await client.objects('Pod')).map(({ metadata }) => [metadata.name, metadata.namespace])),
    async down() {
      for (const driver of await Promise.allSettled(drivers.values()))
        if (driver.status === 'fulfilled') await driver.value.close();
      await lab.down();
    },
  };
}

/** Namespaces are enrolled and have a waypoint that they use, and a pod to send from. */
function withMesh(object: ManifestObject): readonly object[] {
  if (object.kind !== 'Namespace') return [object];
  const namespace = object.metadata.name;
  const labels = { ...objectOf(object.metadata.labels), ...ENROLLED, 'istio.io/use-waypoint': 'waypoint' };
  return [{ ...object, metadata: { ...object.metadata, labels } }, waypoint(namespace), client(namespace)];
}

export function waypoint(namespace: string): object {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'waypoint', namespace },
    spec: {
      gatewayClassName: 'nodemesh-waypoint',
      listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }],
    },
  };
}

function client(namespace: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'conformance-client', namespace, labels: { [CLIENT_LABEL]: 'true' } },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'client', command: ['sleep', 'infinity'] }],
    },
  };
}

async function podsReady(client: LabClient): Promise<void> {
  const deadlineMs = performance.now() + 30_000;
  while (performance.now() < deadlineMs) {
    const pods = await client.objects('Pod');
    const ready = pods.every(({ status }) =>
      listOf(objectOf(status).conditions)
        .map(objectOf)
        .some(({ type, status: holds }) => type === 'Ready' && holds === 'True'),
    );
    if (ready) return;
    await new Promise((settle) => setTimeout(settle, 50));
  }
  throw new Error('the pods of the test are not ready after 30 s');
}
