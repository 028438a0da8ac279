import type { MeshCollections } from '../collections/index.ts';
import type { TrafficPolicyObject, XBackendTrafficPolicyObject } from '../objects/index.ts';
import type { ObjectStatus, SinkQueue } from '../sink/index.ts';
import {
  type MeshSettings,
  routeControllers,
  SERVICE_CONTROLLER,
  type TrafficCondition,
} from '../translate/index.ts';

/** Tells the authors of traffic policies, by the condition Accepted, what becomes of them. Returns what stops it. */
export function writeTrafficStatus(
  { trafficOutcomes, objects }: Pick<MeshCollections, 'trafficOutcomes' | 'objects'>,
  sink: Pick<SinkQueue, 'setStatus' | 'forgetStatus'>,
  settings: Pick<MeshSettings, 'sideBySide'>,
): () => void {
  const controllers = routeControllers(settings);
  const write = (key: string): void => {
    const object = objects.trafficPolicies.get(key)?.object;
    if (object === undefined) {
      const [kind = '', namespace = '', name = ''] = key.split('/');
      sink.forgetStatus({ kind, namespace, name, writer: WRITER });
      return;
    }
    const condition = trafficOutcomes.get(key)?.condition;
    if (condition !== undefined) sink.setStatus(statusOf(object, condition, controllers));
  };
  // An outcome may change without its object, and an object (its generation) without its outcome.
  const stops = [trafficOutcomes.changes, objects.trafficPolicies.changes].map((changes) =>
    changes.subscribe((keys) => {
      for (const key of keys) write(key);
    }),
  );
  return () => {
    for (const stop of stops) stop();
  };
}

function statusOf(
  object: TrafficPolicyObject | XBackendTrafficPolicyObject,
  condition: TrafficCondition,
  controllers: readonly string[],
): ObjectStatus {
  const { kind, meta } = object;
  const { namespace, name, generation } = meta;
  const conditions = [{ type: 'Accepted', observedGeneration: generation, ...condition }];
  if (object.kind === 'TrafficPolicy') {
    return { apiVersion: 'nodemesh.io/v1alpha1', kind, namespace, name, writer: WRITER, conditions };
  }
  return {
    apiVersion: 'gateway.networking.x-k8s.io/v1alpha1',
    kind,
    namespace,
    name,
    writer: WRITER,
    lists: {
      ancestors: {
        owner: { controllerName: controllers },
        key: 'ancestorRef',
        // In a mesh nothing stands above a Service.
        entries: object.targetRefs.map((ancestorRef) => ({
          ancestorRef,
          controllerName: SERVICE_CONTROLLER,
          conditions,
        })),
      },
    },
  };
}

const WRITER = 'traffic-status';
