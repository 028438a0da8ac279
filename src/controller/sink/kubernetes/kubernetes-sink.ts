import { type Clock, type Logger, silentLogger, systemClock } from '../../../base/index.ts';
import {
  isKubernetesError,
  type KubernetesApi,
  type ResourceTarget,
  resourceType,
} from '../../kubernetes/index.ts';
import type { ControllerSink, PodAnnotations } from '../controller-sink.ts';
import type { ObjectStatus } from '../object-status.ts';
import { createEventWriter } from './event-writer.ts';
import { applyOwned, deleteOwned } from './owned-objects.ts';
import { asSinkError } from './sink-error.ts';
import { staleStatuses } from './stale-statuses.ts';
import type { SeenObject } from './status-patch.ts';
import { writeStatus } from './write-status.ts';

/** Which API server, and which replica writes. */
export interface KubernetesSinkOptions {
  readonly api: Pick<KubernetesApi, 'get' | 'list' | 'create' | 'patch' | 'delete'>;
  /** Which replica this is: its pod's name. */
  readonly instance: string;
  readonly clock?: Clock;
  readonly log?: Logger;
}

/**
 * Writes to Kubernetes, with no more than: get and patch of pods/status and of the status of what the mesh reads, and list of
 * that, create and patch of events, apply and delete of waypoints' objects.
 */
export function createKubernetesSink(options: KubernetesSinkOptions): ControllerSink {
  const { api, instance, clock = systemClock, log = silentLogger } = options;
  const events = createEventWriter({ api, instance, clock, log });
  const now = (): string => new Date(clock.now()).toISOString();
  /** What the last look at many has seen of those that it called stale, until they are written. */
  let stale: Map<ObjectStatus, SeenObject | undefined> = new Map();
  return {
    annotatePod: (change, signal) =>
      asSinkError(`annotations of pod ${change.namespace}/${change.name}`, () =>
        annotate(api, change, signal),
      ),
    setStatus: (change, signal) =>
      asSinkError(`status of ${change.kind} ${change.namespace}/${change.name}`, () => {
        const seen = stale.get(change);
        stale.delete(change);
        return writeStatus(api, { change, now: now(), signal, seen });
      }),
    staleStatuses: (changes, signal) =>
      asSinkError(`look at ${changes.length} statuses`, async () => {
        stale = new Map(await staleStatuses(changes, { api, now: now(), signal }));
        return [...stale.keys()];
      }),
    recordEvent: (event, signal) =>
      asSinkError(`event of ${event.kind} ${event.namespace}/${event.name}`, () =>
        events.write(event, signal),
      ),
    applyObject: (manifest, signal) =>
      asSinkError(`apply ${manifest.kind} ${manifest.metadata.name}`, () =>
        applyOwned(api, manifest, signal),
      ),
    deleteObject: (object, signal) =>
      asSinkError(`delete ${object.kind} ${object.metadata.name}`, () => deleteOwned(api, object, signal)),
  };
}

/** Through the status: that needs no right to change what a pod runs. */
async function annotate(
  api: Pick<KubernetesApi, 'get' | 'patch'>,
  { namespace, name, uid = '', annotations }: PodAnnotations,
  signal: AbortSignal | undefined,
): Promise<void> {
  const target = { resource: PODS, namespace, name };
  const metadata = uid === '' ? { annotations } : { uid, annotations };
  try {
    await api.patch({ ...target, subresource: 'status' }, { type: 'merge', body: { metadata } }, { signal });
  } catch (error) {
    if (isKubernetesError(error, 'ERR_KUBERNETES_NOT_FOUND')) return;
    // Nobody can change a UID: that is how the API server says that this is another pod of the name.
    const mayBeOther = isKubernetesError(error, 'ERR_KUBERNETES_INVALID', 'ERR_KUBERNETES_CONFLICT');
    if (uid === '' || !mayBeOther || (await uidOf(api, target, signal)) === uid) throw error;
  }
}

/** Undefined when there is no such object. */
async function uidOf(
  api: Pick<KubernetesApi, 'get'>,
  target: ResourceTarget,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    return (await api.get(target, { signal })).metadata.uid;
  } catch (error) {
    if (isKubernetesError(error, 'ERR_KUBERNETES_NOT_FOUND')) return undefined;
    throw error;
  }
}

const PODS = resourceType('v1', 'pods', true);
