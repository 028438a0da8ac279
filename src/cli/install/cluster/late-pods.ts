import { MeshError } from '../../../base/index.ts';
import type { KubernetesObject } from '../../../controller/index.ts';
import { shortList } from '../../terminal/index.ts';
import { NAMESPACE } from '../objects/manifest.ts';
import { isReady, podsOf } from './own-pods.ts';
import type { Missing } from './wait.ts';

/** Pods of a component that should be ready and are not, and what helps. */
export interface LatePods {
  /** Where each is and why, in words; empty: all are ready. At most five are named. */
  readonly text: string;
  /** A command that says more, or starts one again; undefined: none of them ended by itself. */
  readonly remedy: string | undefined;
}

/**
 * Looks at the pods that stay: one that hands over, or is over, is not late. Who may not list pods is told of none. Rejects with
 * KubernetesError for all else.
 */
export async function latePods(
  cluster: Parameters<typeof podsOf>[0],
  component: 'controller' | 'ztunnel',
): Promise<LatePods> {
  const late = (await visiblePods(cluster, component)).filter((pod) => isStaying(pod) && !isReady(pod));
  const remedies = late.flatMap((pod) => remedyFor(pod) ?? []);
  return { text: shortList(late.map((pod) => lateText(pod, component))), remedy: remedies[0] };
}

/** What a rollout still waits for, with the pods that keep it waiting. Rejects as `latePods` does. */
export async function explainMissing(
  cluster: Parameters<typeof podsOf>[0],
  component: 'controller' | 'ztunnel',
  missing: string,
): Promise<Missing> {
  const { text, remedy } = await latePods(cluster, component);
  return { missing: text === '' ? missing : `${missing}: ${text}`, remedy };
}

async function visiblePods(
  cluster: Parameters<typeof podsOf>[0],
  component: 'controller' | 'ztunnel',
): Promise<readonly KubernetesObject[]> {
  try {
    return await podsOf(cluster, component);
  } catch (error) {
    if (error instanceof MeshError && error.code === 'ERR_KUBERNETES_FORBIDDEN') return [];
    throw error;
  }
}

/** The statuses of a pod's containers, as the kubelet last wrote them. */
export function containersOf({ status }: KubernetesObject): readonly ContainerStatus[] {
  return (
    ((status ?? {}) as { readonly containerStatuses?: readonly ContainerStatus[] }).containerStatuses ?? []
  );
}

/** What the kubelet says of a container. */
export interface ContainerStatus {
  readonly name: string;
  readonly ready?: boolean;
  readonly restartCount?: number;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly running?: object;
    readonly terminated?: Ended;
  };
  readonly lastState?: { readonly terminated?: Ended };
}

/** How a container ended. */
export interface Ended {
  readonly reason?: string;
  readonly exitCode?: number;
  /** The end of its log: our manifests ask for it (`terminationMessagePolicy`). */
  readonly message?: string;
}

function lateText(pod: KubernetesObject, component: string): string {
  const { nodeName } = (pod.spec ?? {}) as { readonly nodeName?: string };
  const where = component === 'ztunnel' ? (nodeName ?? 'no node yet') : pod.metadata.name;
  const { reason, why } = whyLate(pod);
  return `${where} (${reason}${why === undefined ? '' : `: ${why}`})`;
}

/** One container speaks for its pod; without any, the scheduler does. */
function whyLate(pod: KubernetesObject): { readonly reason: string; readonly why: string | undefined } {
  const container = culpritOf(pod);
  const { phase = 'not ready', conditions } = (pod.status ?? {}) as PodStatus;
  if (container !== undefined) {
    const { waiting, running } = container.state ?? {};
    const ended = endOf(container);
    const words = lastWords(ended?.message);
    if (running !== undefined && ended !== undefined)
      return { reason: `runs again, ended with ${ended.reason ?? 'an unknown reason'}`, why: words };
    const reason = waiting?.reason ?? (ended === undefined ? undefined : (ended.reason ?? 'ended'));
    if (reason !== undefined)
      return { reason, why: words ?? (ended === undefined ? oneLine(waiting?.message) : undefined) };
  }
  const unscheduled = conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  return { reason: unscheduled?.reason ?? phase, why: oneLine(unscheduled?.message) };
}

interface PodStatus {
  readonly phase?: string;
  readonly conditions?:
    | readonly {
        readonly type: string;
        readonly status: string;
        readonly reason?: string;
        readonly message?: string;
      }[]
    | null;
}

/** Of the containers that are not ready: one that ended, else one that waits for something, else any. */
function culpritOf(pod: KubernetesObject): ContainerStatus | undefined {
  const late = containersOf(pod).filter(({ ready }) => ready !== true);
  return (
    late.find((container) => endOf(container) !== undefined) ??
    late.find(({ state }) => state?.waiting?.reason !== undefined) ??
    late[0]
  );
}

function endOf({ state, lastState }: ContainerStatus): Ended | undefined {
  return state?.terminated ?? lastState?.terminated;
}

/** A kubelet waits up to five minutes before it starts a container again that ends time and again; another pod's it starts at once. */
function remedyFor(pod: KubernetesObject): string | undefined {
  const container = culpritOf(pod);
  if (container === undefined || endOf(container) === undefined) return undefined;
  const { name = '' } = pod.metadata;
  const previous = container.state?.terminated === undefined ? ' --previous' : '';
  const logs = `kubectl -n ${NAMESPACE} logs ${name} -c ${container.name}${previous} says why it ends`;
  if (container.state?.waiting?.reason !== 'CrashLoopBackOff') return logs;
  return `${logs}; kubectl -n ${NAMESPACE} delete pod ${name} starts another at once`;
}

function isStaying({ metadata, status }: KubernetesObject): boolean {
  const { phase = '' } = (status ?? {}) as PodStatus;
  return (
    (metadata.deletionTimestamp ?? undefined) === undefined && phase !== 'Failed' && phase !== 'Succeeded'
  );
}

/**
 * What a program of ours said last: its log is JSON where the manifests start it, and a runtime's own words are not. What is wrong
 * with its flags stands in front of where to read of them.
 */
function lastWords(message: string | null | undefined): string | undefined {
  const lines = (message ?? '').split('\n').filter((each) => each.trim() !== '');
  const line = lines.findLast((each) => each.startsWith('error: ')) ?? lines.at(-1);
  if (line === undefined) return undefined;
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry === 'object' && entry !== null) {
      const { message: what, error: why } = entry as { readonly message?: unknown; readonly error?: unknown };
      return oneLine([what, why].filter((part) => typeof part === 'string').join(': ')) ?? oneLine(line);
    }
  } catch {
    // The end of a line that was longer than what a kubelet keeps, or no line of ours: it is shown as it is.
  }
  return oneLine(line.replace(/^error: /, ''));
}

function oneLine(text: string | null | undefined): string | undefined {
  const joined = (text ?? '').replaceAll(/\s+/g, ' ').trim();
  if (joined === '') return undefined;
  return joined.length > MOST_CHARACTERS ? `${joined.slice(0, MOST_CHARACTERS)}…` : joined;
}

const MOST_CHARACTERS = 300;
