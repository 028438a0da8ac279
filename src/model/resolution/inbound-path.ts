import type { MeshView } from '../mesh-view/index.ts';
import { type Service, serviceKey } from '../service.ts';
import { type SpiffeId, tryParseSpiffeId } from '../spiffe-id.ts';
import { type GatewayAddress, owningWaypoints } from '../waypoint-binding.ts';
import type { Workload } from '../workload.ts';
import { identityOf } from './expected-identities.ts';
import { resolveTargetPort } from './target-port.ts';

/** A connection to a pod, as it arrives there. */
export interface InboundQuestion {
  readonly view: MeshView;
  /** The pod. */
  readonly workload: Workload;
  /** The pod's port. */
  readonly port: number;
  /** Who the peer has proven to be; undefined for plaintext. */
  readonly peer: SpiffeId | undefined;
}

/**
 * `direct`: no waypoint concerns this port. `through`: the peer is a waypoint that is bound to the pod, or to a service
 * behind whose port this one is. `round`: there is such a waypoint, and the peer is not one.
 */
export type InboundPath =
  | { readonly kind: 'direct' }
  | ({ readonly kind: 'through' } & WaypointBefore)
  | ({ readonly kind: 'round' } & WaypointBefore);

/** A waypoint that a connection has, or should have, come through. */
export interface WaypointBefore {
  readonly waypoint: GatewayAddress;
  /** Whose waypoint it is; undefined: the pod's own. */
  readonly service: Service | undefined;
}

/** Pure. Which way a connection has come as to the waypoints in front of a pod. */
export function inboundPath(question: InboundQuestion): InboundPath {
  const { view, workload, peer } = question;
  let round: InboundPath | undefined;
  for (const { waypoint, service } of waypointsBefore(question)) {
    if (peer !== undefined && waypointIdentities(view, waypoint, workload.namespace).has(peer))
      return { kind: 'through', waypoint, service };
    round ??= { kind: 'round', waypoint, service };
  }
  return round ?? DIRECT;
}

function* waypointsBefore({ view, workload, port }: InboundQuestion): Generator<WaypointBefore> {
  for (const waypoint of owningWaypoints(workload)) yield { waypoint, service: undefined };
  for (const [key, ports] of workload.services) {
    const service = view.service(key);
    if (service === undefined || (service.waypoint === undefined && service.weightedWaypoints.length === 0))
      continue;
    const leadsHere = service.ports.some(
      ({ servicePort }) => resolveTargetPort(service, { ports }, servicePort) === port,
    );
    if (leadsHere) for (const waypoint of owningWaypoints(service)) yield { waypoint, service };
  }
}

/** Whom a waypoint's pods are: what its service says, and what they are themselves, ready or not. */
function waypointIdentities(
  view: MeshView,
  waypoint: GatewayAddress,
  namespace: string,
): ReadonlySet<SpiffeId> {
  const service =
    waypoint.kind === 'hostname'
      ? view.service(serviceKey(waypoint.namespace, waypoint.hostname))
      : view.serviceAt(waypoint.network, waypoint.address, namespace);
  if (service !== undefined) return identitiesBehind(view, service);
  if (waypoint.kind === 'hostname') return NOBODY;
  return new Set(view.workloadsAt(waypoint.network, waypoint.address).flatMap(idsOf));
}

function identitiesBehind(view: MeshView, service: Service): ReadonlySet<SpiffeId> {
  const endpoints = view.allEndpoints(serviceKey(service.namespace, service.hostname));
  const known = behind.get(service);
  if (known?.endpoints === endpoints) return known.identities;
  const identities = new Set([
    ...service.subjectAltNames.flatMap((name) => tryParseSpiffeId(name)?.id ?? []),
    ...endpoints.flatMap(({ workload }) => idsOf(workload)),
  ]);
  behind.set(service, { endpoints, identities });
  return identities;
}

function idsOf(workload: Workload): readonly SpiffeId[] {
  const identity = identityOf(workload);
  return identity === undefined ? [] : [identity.id];
}

/** Made anew when the service or its endpoints change. */
const behind = new WeakMap<
  Service,
  { readonly endpoints: readonly unknown[]; readonly identities: ReadonlySet<SpiffeId> }
>();
const NOBODY: ReadonlySet<SpiffeId> = new Set();
const DIRECT: InboundPath = { kind: 'direct' };
