import type { MeshView } from '../../model/index.ts';
import type { Backend } from '../upstream/backend.ts';
import type { Reached } from './rehearsal.ts';

/** A choice among the endpoints of a backend, with those that it was made from. */
export function reachedBy(
  { ref, name, endpoints }: Pick<Backend, 'ref' | 'name' | 'endpoints'>,
  chosen: Pick<Reached, 'endpoint' | 'upstream' | 'request'>,
  view: MeshView,
): Reached {
  const usable = endpoints().map(({ workload, upstream }) => ({ workload, upstream }));
  const total = ref.kind === 'service' ? view.allEndpoints(ref.service).length : 1;
  return { kind: 'reached', backend: name, ...chosen, usable, total };
}
