import type { PodAccess } from '../../../controller/index.ts';
import { askHttp, createApiClient, type Dial, type HttpAnswer } from '../../api/index.ts';
import type { Cluster } from '../../install/cluster/cluster.ts';
import { clusterObjects } from '../../object-store/index.ts';
import type { LogOwner, RunningMesh } from '../running-mesh.ts';
import { createMeshPods, type MeshPod } from './mesh-pods.ts';
import { dialerOf } from './pod-dialer.ts';
import { controllerPortOf, MESH_API_PORT, NODE_API_PORT, proxyPortOf } from './ports.ts';
import { explainRefusal } from './refusal.ts';

/** The mesh of a cluster: its pods are asked on their own ports, which the API server forwards. */
export function createClusterMesh(cluster: Cluster, access: PodAccess): RunningMesh {
  const pods = createMeshPods(cluster.api);
  const objects = clusterObjects(cluster);
  const containerOf: Readonly<Record<LogOwner['kind'], string>> = {
    controller: 'controller',
    ztunnel: 'ztunnel',
    waypoint: 'waypoint',
  };

  function podOf(owner: LogOwner): Promise<Pick<MeshPod, 'namespace' | 'name'>> {
    if (owner.kind === 'controller') return pods.controller();
    if (owner.kind === 'ztunnel') return pods.ztunnel(owner.node);
    return Promise.resolve({ namespace: owner.namespace, name: owner.pod });
  }

  return {
    place: 'cluster',
    tool: 'kubectl',
    async nodes() {
      const nodes = (await pods.ztunnels()).map(({ node }) => node);
      // A pod that waits for its scheduler has none.
      return [...new Set(nodes.filter((node) => node !== ''))].sort();
    },
    async api(node) {
      const [find, port] =
        node === undefined
          ? [(avoid?: string) => pods.controller(avoid), MESH_API_PORT]
          : [() => pods.ztunnel(node), NODE_API_PORT];
      return createApiClient({ url: urlOf(port, '/'), token: undefined, dial: dialerOf(access, find, port) });
    },
    admin(part, path, method) {
      if (part === 'controller') {
        const port = controllerPortOf(path);
        return ask(
          dialerOf(access, (avoid) => pods.controller(avoid), port),
          { port, path, method },
        );
      }
      const port = proxyPortOf(path);
      return ask(
        dialerOf(access, () => pods.ztunnel(part), port),
        { port, path, method },
      );
    },
    async waypointAdmin(waypoint, { path, method }) {
      const port = proxyPortOf(path);
      let asked = '';
      const find = async (avoid?: string): Promise<MeshPod> => {
        const pod = await pods.waypoint(waypoint, avoid);
        asked = pod.name;
        return pod;
      };
      const answer = await ask(dialerOf(access, find, port), { port, path, method });
      return { ...answer, pod: asked };
    },
    kinds: () => objects.kinds(),
    objects: (kind, namespace, name) => objects.objects(kind, namespace, name),
    async log(owner, { tail, follow }) {
      const { namespace, name } = await podOf(owner);
      try {
        const container = containerOf[owner.kind];
        return await access.log({ namespace, pod: name, container, tailLines: tail, follow });
      } catch (error) {
        throw explainRefusal(error, { right: 'get on pods/log', namespace });
      }
    },
  };
}

function ask(
  dial: Dial,
  {
    port,
    path,
    method,
  }: { readonly port: number; readonly path: string; readonly method?: string | undefined },
): Promise<HttpAnswer> {
  const how = { timeoutMs: TIMEOUT_MS, ...(method === undefined ? {} : { method }) };
  return askHttp(urlOf(port, path), { token: undefined, dial }, how);
}

/** As the pod knows it: who comes to its loopback by another name is refused. */
function urlOf(port: number, path: string): URL {
  return new URL(`http://127.0.0.1:${port}${path}`);
}

const TIMEOUT_MS = 30_000;
