import type { GatewayListener, GatewayObject } from '../../objects/index.ts';
import { readTwin, WAYPOINT_FOR } from '../twin-name.ts';
import { isHbone } from './inbound-binding.ts';
import type { WaypointInfo } from './waypoint-info.ts';

/** A condition of the Gateway API. */
export interface WaypointCondition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

/** What has become of a Gateway of ours, in the words of the Gateway API. */
export interface WaypointStatus {
  readonly conditions: readonly WaypointCondition[];
  readonly listeners: readonly ListenerStatus[];
  /** Undefined: none yet. */
  readonly address: { readonly type: 'Hostname' | 'IPAddress'; readonly value: string } | undefined;
}

/** What has become of one listener. */
export interface ListenerStatus {
  readonly name: string;
  readonly attachedRoutes: number;
  readonly supportedKinds: readonly { readonly group: string; readonly kind: string }[];
  readonly conditions: readonly WaypointCondition[];
}

/** What a Gateway's status is made from. */
export interface WaypointFacts {
  readonly gateway: GatewayObject;
  /** Undefined: nobody can tell what it is to be for. */
  readonly waypoint: WaypointInfo | undefined;
  /** Why it cannot be deployed as it says. */
  readonly fault: string | undefined;
  /** Its service is there. */
  readonly hasService: boolean;
  readonly pods: number;
  readonly ready: number;
}

/** Pure. */
export function waypointStatus(facts: WaypointFacts): WaypointStatus {
  const { gateway, waypoint, hasService } = facts;
  return {
    conditions: [accepted(facts), programmed(facts), RESOLVED],
    listeners: gateway.listeners.map(listenerStatus),
    address: waypoint !== undefined && hasService ? addressOf(waypoint) : undefined,
  };
}

function accepted({ gateway, waypoint, fault }: WaypointFacts): WaypointCondition {
  if (fault !== undefined)
    return { type: 'Accepted', status: 'False', reason: 'InvalidParameters', message: fault };
  if (waypoint !== undefined)
    return { type: 'Accepted', status: 'True', reason: 'Accepted', message: 'Resource accepted' };
  const text = readTwin(gateway.meta.labels, WAYPOINT_FOR) ?? '';
  const message = `label ${WAYPOINT_FOR.istio}: expected service, workload, all or none, got ${JSON.stringify(text)}; whoever names this waypoint is refused`;
  return { type: 'Accepted', status: 'False', reason: 'Invalid', message };
}

function programmed({ waypoint, hasService, pods, ready }: WaypointFacts): WaypointCondition {
  const type = 'Programmed';
  if (waypoint === undefined)
    return { type, status: 'False', reason: 'Invalid', message: 'the Gateway is not accepted' };
  const address = addressOf(waypoint).value;
  if (!hasService) {
    const message = `Failed to assign to any requested addresses: hostname "${address}" not found`;
    return { type, status: 'False', reason: 'AddressNotUsable', message };
  }
  if (ready > 0 || !waypoint.ours)
    return {
      type,
      status: 'True',
      reason: 'Programmed',
      message: `Resource programmed, assigned to service(s) ${address}:${waypoint.address.hboneMtlsPort}`,
    };
  const message = `no pod of the waypoint is ready (0 of ${pods}); what is to go through it is refused`;
  return { type, status: 'False', reason: 'Pending', message };
}

function addressOf({ address }: WaypointInfo): NonNullable<WaypointStatus['address']> {
  return address.kind === 'hostname'
    ? { type: 'Hostname', value: address.hostname }
    : { type: 'IPAddress', value: address.address };
}

function listenerStatus(listener: GatewayListener): ListenerStatus {
  const fine = { message: 'No errors found' };
  return {
    name: listener.name,
    // Routes of a mesh attach to services.
    attachedRoutes: 0,
    supportedKinds: listener.protocol === 'HTTP' ? HTTP_KINDS : [],
    conditions: [
      isHbone(listener)
        ? { type: 'Accepted', status: 'True', reason: 'Accepted', ...fine }
        : {
            type: 'Accepted',
            status: 'False',
            reason: 'UnsupportedProtocol',
            message: 'Expected a single listener on port 15008 with protocol "HBONE"',
          },
      { type: 'Conflicted', status: 'False', reason: 'NoConflicts', ...fine },
      { type: 'Programmed', status: 'True', reason: 'Programmed', ...fine },
      { type: 'ResolvedRefs', status: 'True', reason: 'ResolvedRefs', ...fine },
    ],
  };
}

const RESOLVED: WaypointCondition = {
  type: 'ResolvedRefs',
  status: 'True',
  reason: 'ResolvedRefs',
  message: 'All references resolved',
};
const GROUP = 'gateway.networking.k8s.io';
const HTTP_KINDS = [
  { group: GROUP, kind: 'HTTPRoute' },
  { group: GROUP, kind: 'GRPCRoute' },
];
