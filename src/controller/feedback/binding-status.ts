import type { MeshCollections } from '../collections/index.ts';
import type { SinkQueue } from '../sink/index.ts';
import type { MeshSettings, TwinName } from '../translate/index.ts';
import { createWarnings } from './notices/index.ts';

/**
 * Tells by a condition on each service with a use-waypoint label what the label has come to, by an event too where it
 * cannot be followed, and takes the condition back where there is no label any more. Returns what stops it.
 */
export function writeBindingStatus(
  { services, objects }: Pick<MeshCollections, 'services' | 'objects'>,
  sink: Pick<SinkQueue, 'setStatus' | 'forgetStatus' | 'recordEvent'>,
  { sideBySide }: Pick<MeshSettings, 'sideBySide'>,
): () => void {
  // A condition of Istio's name is then about a waypoint of Istio's.
  const type = sideBySide === true ? TYPE.own : TYPE.istio;
  const written = new Set<string>();
  const warnings = createWarnings(sink);
  return services.changes.subscribe((keys) => {
    for (const key of keys) {
      const info = services.get(key);
      const [namespace = '', hostname = ''] = key.split('/');
      const name = info?.service.name ?? hostname.split('.', 1)[0] ?? '';
      const about = { kind: 'Service', namespace, name, writer: WRITER };
      if (info === undefined) {
        written.delete(key);
        sink.forgetStatus(about);
        warnings.forget(about);
        continue;
      }
      const { bindingStatus } = info;
      const object = objects.services.get(`${namespace}/${name}`);
      warnings.tell(about, bindingStatus?.bound === false ? bindingStatus : undefined);
      if (bindingStatus === undefined) {
        // Written by this controller, or by one before it that did not see the label go.
        const carries = written.delete(key) || object?.conditionTypes.includes(type) === true;
        if (carries) sink.setStatus({ apiVersion: 'v1', ...about, withdrawnConditions: [type] });
        continue;
      }
      written.add(key);
      const { bound, reason, message } = bindingStatus;
      const observedGeneration = object?.meta.generation ?? 0;
      const condition = {
        type,
        status: bound ? 'True' : 'False',
        reason,
        message,
        observedGeneration,
      } as const;
      sink.setStatus({ apiVersion: 'v1', ...about, conditions: [condition] });
    }
  });
}

const TYPE: TwinName = { own: 'nodemesh.io/WaypointBound', istio: 'istio.io/WaypointBound' };
const WRITER = 'waypoint-binding';
