import {
  type GatewayKey,
  NO_WAYPOINT,
  type UnboundReason,
  unboundAddress,
  type WaypointBinding,
  type WeightedWaypoint,
} from '../../../model/index.ts';
import { matchesQuery, type NamespaceObject, type ObjectMeta } from '../../objects/index.ts';
import {
  boundStatus,
  type BindingStatus,
  canaryRefusedStatus,
  unboundStatus,
  unsupportedTrafficStatus,
  withRemark,
} from './binding-status.ts';
import {
  type ClaimSettings,
  inheritWish,
  readWaypointFailure,
  readWaypointWish,
  waypointFailureFault,
  type WaypointReference,
  type WaypointWish,
} from './use-waypoint.ts';
import type { WaypointInfo } from './waypoint-info.ts';

/** A service, or a pod as the target of what is sent to its own address. */
export interface BindingSubject {
  readonly traffic: 'service' | 'workload';
  readonly meta: ObjectMeta;
  /** Undefined: not known, so that it has no labels. */
  readonly namespace: NamespaceObject | undefined;
  readonly settings: ClaimSettings;
}

/** What there is to be bound to. */
export interface WaypointLookup {
  waypoint(key: GatewayKey): WaypointInfo | undefined;
  hasGateway(key: GatewayKey): boolean;
}

/** Through what something is reached, and what its status says of that. */
export interface BoundWaypoint {
  readonly binding: WaypointBinding;
  /** Undefined: no label says anything, or none about this kind of traffic. */
  readonly status: BindingStatus | undefined;
}

/**
 * Through which waypoint a service or pod is to be reached. A label that names a waypoint that cannot be used still
 * binds, to a name that leads nowhere: whoever wanted a waypoint in the way does not want the way without it. A waypoint
 * for other traffic than this is another matter (docs/adr/0007-waypoint-binding.md): there the label says nothing.
 */
export function bindWaypoint(subject: BindingSubject, lookup: WaypointLookup): BoundWaypoint {
  const { binding, status } = followLabels(subject, lookup);
  if (status === undefined) return { binding, status };
  return { binding, status: withRemark(status, waypointFailureFault(subject.meta, subject.namespace?.meta)) };
}

function followLabels(subject: BindingSubject, lookup: WaypointLookup): BoundWaypoint {
  const { meta, namespace, settings } = subject;
  const own = readWaypointWish(meta, meta.namespace, settings);
  const wish = inheritWish(own, namespace && readWaypointWish(namespace.meta, meta.namespace, settings));
  if (wish.waypoint === undefined || wish.waypoint === 'none') return UNBOUND;
  const waypointFailure = readWaypointFailure(meta, namespace?.meta);
  const primary = lookUp(wish.waypoint, subject, lookup);
  switch (primary.kind) {
    case 'other-traffic':
      // Inherited from the namespace it is meant for the others in it; on the pod itself it can only be a mistake.
      return own.waypoint !== undefined || subject.traffic === 'service'
        ? { binding: NO_WAYPOINT, status: unsupportedTrafficStatus(wish.waypoint, subject.traffic, 'round') }
        : UNBOUND;
    case 'unbound':
      return {
        binding: { ...NO_WAYPOINT, waypoint: unboundAddress(primary), waypointFailure },
        status: unboundStatus(primary, waypointFailure),
      };
    case 'waypoint':
      return withCanary({ wish, primary: primary.info, waypointFailure }, subject, lookup);
  }
}

type LookedUp =
  | { readonly kind: 'waypoint'; readonly info: WaypointInfo }
  | { readonly kind: 'other-traffic' }
  | {
      readonly kind: 'unbound';
      readonly reason: UnboundReason;
      readonly namespace: string;
      readonly name: string;
    };

function lookUp(reference: WaypointReference, subject: BindingSubject, lookup: WaypointLookup): LookedUp {
  const { key, namespace, name } = reference;
  const info = lookup.waypoint(key);
  if (info === undefined) {
    const reason = lookup.hasGateway(key) ? 'not-a-waypoint' : 'missing';
    return { kind: 'unbound', reason, namespace, name };
  }
  if (info.traffic !== 'all' && info.traffic !== subject.traffic) return { kind: 'other-traffic' };
  if (!allows(info, subject)) return { kind: 'unbound', reason: 'not-allowed', namespace, name };
  return { kind: 'waypoint', info };
}

function allows(info: WaypointInfo, { meta, namespace }: BindingSubject): boolean {
  switch (info.namespaces.from) {
    case 'All':
      return true;
    case 'Same':
      return info.namespace === meta.namespace;
    case 'Selector':
      return namespace !== undefined && matchesQuery(info.namespaces.query, namespace.meta.labels);
  }
}

/** A canary that cannot be used leaves everything to the primary: nothing goes without a waypoint for that. */
function withCanary(
  {
    wish,
    primary,
    waypointFailure,
  }: {
    readonly wish: WaypointWish;
    readonly primary: WaypointInfo;
    readonly waypointFailure: 'refuse' | 'open';
  },
  subject: BindingSubject,
  lookup: WaypointLookup,
): BoundWaypoint {
  const alone = (status: BindingStatus): BoundWaypoint => ({
    binding: { waypoint: primary.address, weightedWaypoints: [], waypointFailure },
    status,
  });
  const { canary, canaryWeight = 0 } = wish;
  if (canary === undefined) return alone(boundStatus(primary.key));
  if (canary.key === primary.key) return alone(canaryRefusedStatus(canary, 'same'));
  if (canaryWeight === 'invalid') return alone(canaryRefusedStatus(canary, 'weight'));
  const second = lookUp(canary, subject, lookup);
  if (second.kind === 'other-traffic')
    return alone(unsupportedTrafficStatus(canary, subject.traffic, 'canary'));
  if (second.kind === 'unbound') return alone(unboundStatus(second, 'canary'));
  const weightedWaypoints: readonly WeightedWaypoint[] = [
    { destination: primary.address, weight: 100 - canaryWeight },
    { destination: second.info.address, weight: canaryWeight },
  ];
  return {
    binding: { waypoint: primary.address, weightedWaypoints, waypointFailure },
    status: boundStatus(primary.key),
  };
}

const UNBOUND: BoundWaypoint = { binding: NO_WAYPOINT, status: undefined };
