import type { IpAddress, LocalityPreference, MeshView, Whereabouts } from '../../../model/index.ts';
import type { UpstreamDeps } from '../upstream-deps.ts';
import { type BackendRef, type KnownEndpoints, knownEndpoints } from './known-endpoints.ts';

/** How a backend is called: in which namespace it is, and its name for people. */
export interface BackendTitle {
  readonly namespace: string;
  /** `namespace/name:port`, or `pod namespace/name:port`. */
  readonly name: string;
}

/** What the mesh has as endpoints of a backend, seen from this waypoint. */
export function askMesh(
  ref: BackendRef,
  { view, network, self }: Pick<UpstreamDeps, 'view' | 'network' | 'self'>,
  locality: LocalityPreference | undefined,
): KnownEndpoints {
  const own = self();
  const source: Whereabouts = own ?? { ...NOWHERE, network };
  return knownEndpoints(ref, { view, network, source, like: own?.addresses[0] ?? ANY_IPV4, locality });
}

/** Also of what the mesh does not have any more. */
export function titleOf(ref: BackendRef, view: MeshView): BackendTitle {
  if (ref.kind === 'service') {
    const [namespace = ''] = ref.service.split('/');
    const name = view.service(ref.service)?.name;
    return { namespace, name: `${name === undefined ? ref.service : `${namespace}/${name}`}:${ref.port}` };
  }
  const workload = view.workload(ref.uid);
  const name = workload === undefined ? ref.uid : `${workload.namespace}/${workload.name}`;
  return { namespace: workload?.namespace ?? '', name: `pod ${name}:${ref.port}` };
}

/** Any address of that family stands for it. */
export const ANY_IPV4 = '0.0.0.0' as IpAddress;
const NOWHERE = { locality: { region: '', zone: '', subzone: '' }, node: '', clusterId: '' };
