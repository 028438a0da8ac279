import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Test } from 'tap';
import type { TestCluster } from '../../support/kubernetes-cluster/start-cluster.ts';
import { runPod, SYSTEM, tokenOf } from '../../kubernetes/support/installed-mesh.ts';
import type { Kubectl } from '../../kubernetes/support/kubectl.ts';
import type { TestNode, TestPod } from '../../ztunnel/support/topology.ts';
import type { BuiltImage } from './build-image.ts';
import type { PodSpec } from './container/pod-spec.ts';
import { type Container, runContainer } from './container/run-container.ts';
import { accountFiles, type VolumeFiles } from './container/volumes.ts';
import { API_SERVICE } from './node.ts';

export interface World {
  readonly image: BuiltImage;
  readonly cluster: TestCluster;
  readonly kubectl: Kubectl;
  readonly node: Pick<TestNode, 'name' | 'addPod'>;
  /** Stands for the node's root file system. */
  readonly host: string;
  readonly folder: string;
}

/** A pod of the mesh itself on this node: the API server knows it, it has a network, and its containers can be run. */
export interface MeshPod {
  readonly place: TestPod;
  readonly run: (t: Test, container: string) => Container;
}

export interface MeshPodOptions {
  readonly name: string;
  /** Default: the mesh's own. */
  readonly namespace?: string;
  readonly account: string;
  readonly spec: PodSpec;
  /** Beside the tokens, which are made here. */
  readonly files: VolumeFiles;
  /** Lines of /etc/hosts. */
  readonly hosts: readonly string[];
}

/** What the scheduler and the kubelet do with a pod, but for starting its containers. */
export async function placePod(world: World, options: MeshPodOptions): Promise<MeshPod> {
  const { kubectl, cluster, node } = world;
  const { name, account, spec, namespace = SYSTEM } = options;
  const place = node.addPod(name);
  await runPod(kubectl, { node: node.name, namespace, name, account, address: place.v4 });
  const token = (audience?: string): Promise<string> =>
    tokenOf(kubectl, { namespace, account, pod: name, ...(audience === undefined ? {} : { audience }) });
  const files: VolumeFiles = {
    ...options.files,
    token: { 'istio-token': await token('istio-ca') },
    ...accountFiles({
      token: await token(),
      namespace,
      'ca.crt': readFileSync(join(dirname(cluster.kubeconfig), 'certificates', 'apiserver.crt'), 'utf8'),
    }),
  };
  return {
    place,
    run: (t, container) =>
      runContainer(t, {
        image: world.image,
        pod: spec,
        name: container,
        podName: name,
        podNamespace: namespace,
        nodeName: node.name,
        networkNamespace: `/run/netns/${name}`,
        environment: {
          KUBERNETES_SERVICE_HOST: API_SERVICE.address,
          KUBERNETES_SERVICE_PORT: String(API_SERVICE.port),
        },
        host: world.host,
        folder: world.folder,
        files,
        hosts: options.hosts,
      }),
  };
}

/** Of a Deployment or DaemonSet, as the API server has taken it. */
export async function podSpecOf(
  kubectl: Kubectl,
  kind: string,
  name: string,
  namespace = SYSTEM,
): Promise<PodSpec> {
  const { spec } = (await kubectl.get(kind, name, '-n', namespace)) as {
    readonly spec: { readonly template: { readonly spec: PodSpec } };
  };
  return spec.template.spec;
}
