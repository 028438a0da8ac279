import type { IpAddress } from './ip-address.ts';

/** Where a waypoint or a network gateway is: by name, or by address. */
export type GatewayAddress = {
  readonly hboneMtlsPort: number;
} & (
  | { readonly kind: 'hostname'; readonly namespace: string; readonly hostname: string }
  | { readonly kind: 'address'; readonly network: string; readonly address: IpAddress }
);

/** A waypoint with its share of new connections, in proportion to the other weights. */
export interface WeightedWaypoint {
  readonly destination: GatewayAddress;
  readonly weight: number;
}

/** Through what a service or a workload is to be reached. */
export interface WaypointBinding {
  /** Undefined: directly. */
  readonly waypoint: GatewayAddress | undefined;
  /** A draw among these instead, where there are any; the waypoint itself is one of them. */
  readonly weightedWaypoints: readonly WeightedWaypoint[];
  /** What becomes of a connection while none of its waypoints can take it: refused, or made directly. */
  readonly waypointFailure: 'refuse' | 'open';
}

export const NO_WAYPOINT: WaypointBinding = {
  waypoint: undefined,
  weightedWaypoints: [],
  waypointFailure: 'refuse',
};

/** All waypoints that it may be reached through, each once: the waypoint itself first. */
export function owningWaypoints(binding: WaypointBinding): readonly GatewayAddress[] {
  const { waypoint, weightedWaypoints } = binding;
  if (weightedWaypoints.length === 0) return waypoint === undefined ? NONE : [waypoint];
  const all = new Map<string, GatewayAddress>();
  for (const address of [waypoint, ...weightedWaypoints.map(({ destination }) => destination)])
    if (address !== undefined) all.set(gatewayAddressKey(address), address);
  return [...all.values()];
}

/** The same text for the same place, whatever the port. */
export function gatewayAddressKey(address: GatewayAddress): string {
  return address.kind === 'hostname'
    ? `${address.namespace}/${address.hostname}`
    : `${address.network}/${address.address}`;
}

/** Why a label that names a waypoint leads nowhere. */
export const UNBOUND_REASONS = {
  missing: 'does not exist',
  'not-a-waypoint': 'is a Gateway, but no waypoint',
  'not-allowed': 'takes nothing of this namespace (allowedRoutes)',
} as const;

/** A name in UNBOUND_REASONS. */
export type UnboundReason = keyof typeof UNBOUND_REASONS;

/** The waypoint that a label names, and why it cannot be used. */
export interface UnboundWaypoint {
  readonly reason: UnboundReason;
  readonly namespace: string;
  readonly name: string;
}

/**
 * What is announced in place of a waypoint that cannot be used: a name that never resolves (RFC 2606 §2), so that every
 * proxy, also one of another make, refuses rather than go round it. Ours read the reason out of it.
 */
export function unboundAddress({ reason, namespace, name }: UnboundWaypoint): GatewayAddress {
  return { kind: 'hostname', namespace, hostname: `${name}.${reason}${SUFFIX}`, hboneMtlsPort: 15008 };
}

/** Undefined for the address of a waypoint that can be used. */
export function readUnboundAddress(address: GatewayAddress): UnboundWaypoint | undefined {
  if (address.kind !== 'hostname' || !address.hostname.endsWith(SUFFIX)) return undefined;
  const rest = address.hostname.slice(0, -SUFFIX.length);
  const dot = rest.lastIndexOf('.');
  const reason = rest.slice(dot + 1);
  if (dot < 0 || !isReason(reason)) return undefined;
  return { reason, namespace: address.namespace, name: rest.slice(0, dot) };
}

function isReason(text: string): text is UnboundReason {
  return Object.hasOwn(UNBOUND_REASONS, text);
}

const SUFFIX = '.waypoint.invalid';
const NONE: readonly GatewayAddress[] = [];
