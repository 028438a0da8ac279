import type { KubernetesApi, KubernetesObject, ResourceType } from '../../../controller/index.ts';
import { CliError } from '../../errors.ts';
import { NAMESPACE, selectorOf } from '../../install/objects/manifest.ts';
import { explainRefusal } from './refusal.ts';

/** A pod of the controller, of a ztunnel or of a waypoint. */
export interface MeshPod {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly isReady: boolean;
  /** `Running`, `Pending`. */
  readonly phase: string;
}

/** Finds pods of the mesh in a cluster. Everything rejects with CliError or KubernetesError. */
export interface MeshPods {
  /** A replica that is ready; of several another than `avoid`. */
  controller(avoid?: string): Promise<MeshPod>;
  /** Of a node; the one that is ready while a new one takes over. */
  ztunnel(node: string): Promise<MeshPod>;
  ztunnels(): Promise<readonly MeshPod[]>;
  /** The pod that is named, else one that is ready and another than `avoid`. */
  waypoint(
    waypoint: { readonly namespace: string; readonly name: string; readonly pod?: string | undefined },
    avoid?: string,
  ): Promise<MeshPod>;
}

/** Does not own the client. */
export function createMeshPods(api: Pick<KubernetesApi, 'list'>): MeshPods {
  async function list(
    namespace: string,
    labels: Readonly<Record<string, unknown>>,
    fieldSelector?: string,
  ): Promise<readonly MeshPod[]> {
    const labelSelector = Object.entries(labels)
      .map(([name, value]) => `${name}=${String(value)}`)
      .join(',');
    const found: MeshPod[] = [];
    let next: string | undefined;
    try {
      do {
        const how = { limit: PAGE, next, labelSelector, fieldSelector };
        const page = await api.list({ resource: PODS, namespace }, how);
        found.push(...page.items.filter(isStaying).map(podOf));
        next = page.next;
      } while (next !== undefined);
    } catch (error) {
      throw explainRefusal(error, { right: 'list on pods', namespace });
    }
    return found;
  }

  return {
    async controller(avoid) {
      const pods = await list(NAMESPACE, selectorOf('controller'));
      const pod = readyOf(pods, avoid);
      if (pod !== undefined) return pod;
      if (pods.length === 0)
        throw absent(`no pod of the controller is in namespace ${NAMESPACE}`, WRONG_CLUSTER);
      throw absent(
        `no pod of the controller is ready in namespace ${NAMESPACE}: ${states(pods)}`,
        `kubectl -n ${NAMESPACE} describe pods; kubectl -n ${NAMESPACE} logs deployment/nodemesh-controller`,
      );
    },
    async ztunnel(node) {
      const pods = await list(NAMESPACE, selectorOf('ztunnel'), `spec.nodeName=${node}`);
      const pod = readyOf(pods) ?? pods[0];
      if (pod !== undefined) return pod;
      const others = await list(NAMESPACE, selectorOf('ztunnel'));
      if (others.length === 0) throw absent(`no ztunnel is in namespace ${NAMESPACE}`, WRONG_CLUSTER);
      throw absent(
        `no ztunnel runs on a node ${node}`,
        `nodes that have one: ${someOf(others.map((other) => other.node))}`,
      );
    },
    ztunnels: () => list(NAMESPACE, selectorOf('ztunnel')),
    async waypoint({ namespace, name, pod: wanted }, avoid) {
      const pods = await list(namespace, { [GATEWAY_LABEL]: name });
      const pod = wanted === undefined ? readyOf(pods, avoid) : pods.find((each) => each.name === wanted);
      if (pod !== undefined) return pod;
      const what = `waypoint ${namespace}/${name}`;
      if (pods.length === 0)
        throw absent(`no pod of ${what} is there`, 'nodemesh waypoint list -A shows all waypoints');
      throw absent(
        wanted === undefined
          ? `no pod of ${what} is ready: ${states(pods)}`
          : `${wanted} is no pod of ${what}`,
        wanted === undefined
          ? `kubectl -n ${namespace} describe pods -l ${GATEWAY_LABEL}=${name}`
          : `there are: ${someOf(pods.map((each) => each.name))}`,
      );
    },
  };
}

function podOf({ metadata, spec, status }: KubernetesObject): MeshPod {
  const { nodeName = '' } = (spec ?? {}) as { readonly nodeName?: string };
  const { phase = 'Unknown', conditions = [] } = (status ?? {}) as {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    node: nodeName,
    phase,
    isReady: conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
  };
}

function isStaying({ metadata }: KubernetesObject): boolean {
  return metadata.deletionTimestamp === undefined || metadata.deletionTimestamp === null;
}

function readyOf(pods: readonly MeshPod[], avoid?: string): MeshPod | undefined {
  const ready = pods.filter(({ isReady }) => isReady);
  return ready.find(({ name }) => name !== avoid) ?? ready[0];
}

function states(pods: readonly MeshPod[]): string {
  return someOf(pods.map(({ name, phase }) => `${name} is ${phase === 'Running' ? 'running' : phase}`));
}

function someOf(names: readonly string[]): string {
  const shown = [...new Set(names)].sort().slice(0, MOST_NAMED);
  return `${shown.join(', ')}${names.length > MOST_NAMED ? ', …' : ''}`;
}

function absent(message: string, hint: string): CliError {
  return new CliError({ code: 'ERR_CLI_CLUSTER', blame: 'upstream', message, hint });
}

const WRONG_CLUSTER =
  'is it the right cluster (kubectl config current-context; --context NAME chooses)? nodemesh install puts a mesh into it';
const PODS: ResourceType = { group: '', version: 'v1', plural: 'pods', namespaced: true };
const GATEWAY_LABEL = 'gateway.networking.k8s.io/gateway-name';
const PAGE = 500;
const MOST_NAMED = 20;
