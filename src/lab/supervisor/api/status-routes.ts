import {
  isFinished,
  isReady,
  isReplicaOf,
  isTerminating,
  type PodObject,
} from '../../cluster/objects/index.ts';
import type { ZtunnelStatus } from '../../mesh/index.ts';
import type { Step } from '../../state/index.ts';
import type { Lab } from '../lab.ts';
import type { JsonHandler } from './router.ts';

/** What `nodemesh lab status` shows. */
export interface LabStatus {
  readonly name: string;
  readonly stateDirectory: string;
  readonly mesh: boolean;
  readonly steps: readonly Step[];
  readonly controller: {
    readonly pid: number | undefined;
    readonly restarts: number;
    readonly lastEnd: string | undefined;
  } | null;
  /** Where the host finds the pages and the API of the whole mesh; null without a mesh. */
  readonly dashboard: string | null;
  readonly nodes: readonly NodeStatus[];
  readonly pods: { readonly total: number; readonly ready: number; readonly notReady: readonly PodTrouble[] };
  readonly waypoints: readonly WaypointSummary[];
  readonly warnings: readonly string[];
}

/** One node of it. */
export interface NodeStatus {
  readonly name: string;
  readonly ipv4: string;
  readonly podCidr: string;
  readonly pods: number;
  readonly ztunnel: ZtunnelStatus | null;
  /** Where the host finds the node's pages and API; null without a mesh. */
  readonly dashboard: string | null;
}

/** A pod that is not ready, and why. */
export interface PodTrouble {
  readonly namespace: string;
  readonly name: string;
  readonly reason: string;
}

/** A Gateway with pods of its own. */
export interface WaypointSummary {
  readonly namespace: string;
  readonly name: string;
  readonly pods: number;
  readonly ready: number;
}

const WARNINGS = 5;
/** What is older, or about pods that are gone, says little about how the lab is now. */
const WARNING_AGE_MS = 5 * 60_000;

/** How the lab does, and its end. */
export function statusRoutes(lab: Lab): Readonly<Record<string, JsonHandler>> {
  return {
    'GET /v1/status': () => statusOf(lab),
    'POST /v1/shutdown': () => {
      // Answered first: the process ends with its work.
      setImmediate(() => void lab.shutDown());
      return {};
    },
  };
}

async function statusOf(lab: Lab): Promise<LabStatus> {
  const { store } = lab.cluster;
  const pods = store.list('Pod').filter((pod) => !isFinished(pod) && !isTerminating(pod));
  const controller = lab.controller();
  const nodes = lab.nodes.map(async ({ description: { name }, addresses }): Promise<NodeStatus> => {
    const ztunnel = await lab.ztunnels().get(name)?.status();
    return {
      name,
      ipv4: addresses.ipv4,
      podCidr: addresses.podCidrV4,
      pods: pods.filter(({ spec }) => spec.nodeName === name).length,
      ztunnel: ztunnel ?? null,
      dashboard: lab.dashboards.node(name),
    };
  });
  const warnings = store
    .list('Event')
    .filter(
      ({ type, lastTimestamp, involvedObject: { kind, namespace, name } }) =>
        type === 'Warning' &&
        Date.now() - Date.parse(lastTimestamp) < WARNING_AGE_MS &&
        (kind !== 'Pod' || store.get('Pod', namespace, name) !== undefined),
    )
    .sort((a, b) => b.lastTimestamp.localeCompare(a.lastTimestamp))
    .slice(0, WARNINGS)
    .map(
      ({ involvedObject: { kind, namespace, name }, reason, message, lastTimestamp }) =>
        `${lastTimestamp.slice(11, 19)} ${kind} ${namespace}/${name}: ${reason}: ${message}`,
    );
  return {
    name: lab.config.name,
    stateDirectory: lab.config.stateDirectory,
    mesh: lab.config.mesh,
    steps: lab.steps(),
    controller:
      controller === undefined
        ? null
        : { pid: controller.pid, restarts: controller.restarts, lastEnd: controller.lastEnd },
    dashboard: lab.dashboards.mesh,
    nodes: await Promise.all(nodes),
    pods: {
      total: pods.length,
      ready: pods.filter(isReady).length,
      notReady: pods.filter((pod) => !isReady(pod)).map(troubleOf),
    },
    waypoints: waypointsOf(lab, pods),
    warnings,
  };
}

function waypointsOf(lab: Lab, pods: readonly PodObject[]): readonly WaypointSummary[] {
  return lab.cluster.store
    .listAny('Gateway')
    .filter(
      ({ metadata: { namespace, name } }) =>
        lab.cluster.store.get('Deployment', namespace, name) !== undefined,
    )
    .map(({ metadata: { namespace, name } }) => {
      const own = pods.filter((pod) => pod.metadata.namespace === namespace && isReplicaOf(pod, name));
      return { namespace, name, pods: own.length, ready: own.filter(isReady).length };
    });
}

function troubleOf(pod: PodObject): PodTrouble {
  const { namespace, name } = pod.metadata;
  const waiting = [
    ...(pod.status?.initContainerStatuses ?? []),
    ...(pod.status?.containerStatuses ?? []),
  ].find(({ state }) => state.waiting !== undefined)?.state.waiting;
  const unready = pod.status?.conditions?.find(({ type }) => type === 'Ready');
  const reason =
    waiting === undefined
      ? (unready?.message ?? (pod.spec.nodeName === undefined ? 'no node yet' : 'not started'))
      : `${waiting.reason}${waiting.message === undefined ? '' : `: ${waiting.message}`}`;
  return { namespace, name, reason };
}
