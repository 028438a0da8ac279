import type { KubernetesObject } from '../../../controller/index.ts';
import { shortList } from '../../terminal/index.ts';
import { NAMESPACE } from '../objects/manifest.ts';
import { isReady, podsOf, ztunnelPods } from './own-pods.ts';

/** Pods of a component that should be ready and are not, and what helps. */
export interface LatePods {
  /** Where each is and why, in words; empty: all are ready. At most five are named. */
  readonly text: string;
  /** A command that says more, or starts one again; undefined: none of them ended by itself. */
  readonly remedy: string | undefined;
}

/** Looks at the pods that stay: one that hands over is not late. Rejects with KubernetesError. */
export async function latePods(
  cluster: Parameters<typeof podsOf>[0],
  component: 'controller' | 'ztunnel',
): Promise<LatePods> {
  const pods =
    component === 'ztunnel'
      ? await ztunnelPods(cluster)
      : (await podsOf(cluster, component)).filter(isStaying);
  const late = pods.filter((pod) => !isReady(pod));
  const ended = late.find((pod) => endOf(pod) !== undefined);
  return { text: shortList(late.map((pod) => lateText(pod, component))), remedy: ended && remedyFor(ended) };
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
  const { phase, conditions = [] } = (pod.status ?? {}) as {
    readonly phase?: string;
    readonly conditions?: readonly Condition[];
  };
  const waiting = containersOf(pod).find(({ state }) => state?.waiting?.reason !== undefined)?.state?.waiting;
  const ended = endOf(pod);
  const unscheduled = conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False');
  const reason = waiting?.reason ?? ended?.reason ?? unscheduled?.reason ?? phase ?? 'not ready';
  const why =
    lastWords(ended?.message) ??
    oneLine(ended === undefined ? waiting?.message : undefined) ??
    oneLine(unscheduled?.message);
  return `${where} (${reason}${why === undefined ? '' : `: ${why}`})`;
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** How a container that is not ready last ended; undefined while none has. One that ended once and is ready again is not why. */
function endOf(pod: KubernetesObject): Ended | undefined {
  const container = endedIn(pod);
  return container?.state?.terminated ?? container?.lastState?.terminated;
}

function endedIn(pod: KubernetesObject): ContainerStatus | undefined {
  return containersOf(pod).find(
    ({ ready, state, lastState }) =>
      ready !== true && (state?.terminated ?? lastState?.terminated) !== undefined,
  );
}

/** A kubelet waits up to five minutes before it starts a container again that ends time and again; another pod's it starts at once. */
function remedyFor(pod: KubernetesObject): string {
  const name = pod.metadata.name ?? '';
  const waits = containersOf(pod).some(({ state }) => state?.waiting?.reason === 'CrashLoopBackOff');
  const logs = `kubectl -n ${NAMESPACE} logs ${name} -c ${endedIn(pod)?.name} --previous says why it ends`;
  return waits ? `${logs}; kubectl -n ${NAMESPACE} delete pod ${name} starts another at once` : logs;
}

function isStaying({ metadata }: KubernetesObject): boolean {
  return metadata.deletionTimestamp === undefined;
}

/** What a program of ours said last: its log is JSON where the manifests start it, and a runtime's own words are not. */
function lastWords(message = ''): string | undefined {
  const line = message.split('\n').findLast((each) => each.trim() !== '');
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
  return oneLine(line);
}

function oneLine(text = ''): string | undefined {
  const joined = text.replaceAll(/\s+/g, ' ').trim();
  if (joined === '') return undefined;
  return joined.length > MOST_CHARACTERS ? `${joined.slice(0, MOST_CHARACTERS)}…` : joined;
}

const MOST_CHARACTERS = 300;
