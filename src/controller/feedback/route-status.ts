import type { MeshCollections } from '../collections/index.ts';
import type { SinkQueue } from '../sink/index.ts';
import { createWarnings } from './notices/index.ts';
import { type MeshSettings, routeControllers, type RouteStatus } from '../translate/index.ts';

/**
 * Tells the authors of routes what has become of them: in the status of each, and by a Warning where something of a route
 * is not in force. Returns what stops it.
 */
export function writeRouteStatus(
  { routeStatuses, objects }: Pick<MeshCollections, 'routeStatuses' | 'objects'>,
  sink: Pick<SinkQueue, 'setStatus' | 'forgetStatus' | 'recordEvent'>,
  settings: Pick<MeshSettings, 'sideBySide'>,
): () => void {
  const controllers = routeControllers(settings);
  /** Routes with an entry of ours, as far as we know. */
  const reported = new Set<string>();
  const warnings = createWarnings(sink);
  return routeStatuses.changes.subscribe((keys) => {
    for (const key of keys) {
      const status = routeStatuses.get(key);
      if (status === undefined) {
        const [kind = '', namespace = '', name = ''] = key.split('/');
        sink.forgetStatus({ kind, namespace, name, writer: WRITER });
        reported.delete(key);
        warnings.forget({ kind, namespace, name });
        continue;
      }
      const written = objects.routes.get(key)?.reportedBy ?? [];
      const hasEntry = reported.has(key) || written.some((name) => controllers.includes(name));
      if (status.parents.length > 0) reported.add(key);
      else if (hasEntry) reported.delete(key);
      else continue;
      sink.setStatus(statusChange(status, controllers));
      warnings.tell(nameOf(status), warningOf(status));
    }
  });
}

function statusChange(
  status: RouteStatus,
  controllers: readonly string[],
): Parameters<SinkQueue['setStatus']>[0] {
  const { apiVersion, generation, parents } = status;
  return {
    apiVersion,
    ...nameOf(status),
    writer: WRITER,
    lists: {
      parents: {
        owner: { controllerName: controllers },
        key: 'parentRef',
        entries: parents.map(({ conditions, ...entry }) => ({
          ...entry,
          conditions: conditions.map((condition) => ({ ...condition, observedGeneration: generation })),
        })),
      },
    },
  };
}

/** The first parent that has something to complain about speaks for all. */
function warningOf({
  parents,
  withoutWaypoint,
}: RouteStatus): { readonly reason: string; readonly message: string } | undefined {
  for (const { parentRef, conditions } of parents) {
    const wrong = conditions.find(
      ({ type, status }) => (status === 'True') === (type === 'PartiallyInvalid'),
    );
    if (wrong === undefined) continue;
    return {
      reason: wrong.reason,
      message: `${wrong.type} for ${parentRef.kind} ${parentRef.name}: ${wrong.message}`,
    };
  }
  if (withoutWaypoint.length === 0) return undefined;
  const message = `without effect for ${withoutWaypoint.join(', ')}: no waypoint (label istio.io/use-waypoint on the Service or its Namespace)`;
  return { reason: 'NoWaypoint', message };
}

function nameOf({ kind, namespace, name }: RouteStatus): Pick<RouteStatus, 'kind' | 'namespace' | 'name'> {
  return { kind, namespace, name };
}

const WRITER = 'route-status';
