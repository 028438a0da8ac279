import { UNBOUND_REASONS, type UnboundReason, type UnboundWaypoint } from '../../../model/index.ts';
import type { WaypointReference } from './use-waypoint.ts';

/** What a use-waypoint label has come to, in the words of Istio's condition `istio.io/WaypointBound`. */
export interface BindingStatus {
  readonly bound: boolean;
  readonly reason: string;
  readonly message: string;
}

/** The label is followed. */
export function boundStatus(key: string): BindingStatus {
  return { bound: true, reason: 'WaypointAccepted', message: `Successfully attached to waypoint ${key}` };
}

/** `effect`: what becomes of the traffic; for a canary the primary takes it. */
export function unboundStatus(
  { reason, namespace, name }: UnboundWaypoint,
  effect: 'refuse' | 'open' | 'canary',
): BindingStatus {
  const message = `waypoint "${namespace}/${name}" ${UNBOUND_REASONS[reason]}: ${EFFECTS[effect]}`;
  return { bound: false, reason: REASONS[reason], message };
}

/** The waypoint is for other traffic. `effect`: what becomes of this. */
export function unsupportedTrafficStatus(
  { key }: WaypointReference,
  traffic: 'service' | 'workload',
  effect: 'round' | 'canary',
): BindingStatus {
  const message = `attempting to bind to traffic type "${traffic}" which the waypoint "${key}" does not support: ${EFFECTS[effect]}`;
  return { bound: false, reason: 'UnsupportedTrafficType', message };
}

/** There is no canary: it is the primary itself, or its weight is no number from 0 to 100. */
export function canaryRefusedStatus({ key }: WaypointReference, fault: 'same' | 'weight'): BindingStatus {
  return fault === 'same'
    ? {
        bound: false,
        reason: 'CanarySameAsPrimary',
        message: `canary waypoint "${key}" must differ from the primary waypoint`,
      }
    : {
        bound: false,
        reason: 'CanaryInvalidWeight',
        message: `canary waypoint "${key}" has an invalid weight; must be an integer in [0,100]`,
      };
}

/** The same with what an author should know beside it. */
export function withRemark(status: BindingStatus, remark: string | undefined): BindingStatus {
  return remark === undefined ? status : { ...status, message: `${status.message}; ${remark}` };
}

const EFFECTS = {
  refuse: 'connections are refused',
  open: 'connections go round it, as the label nodemesh.io/waypoint-failure says',
  round: 'connections go without it (label istio.io/waypoint-for of the Gateway)',
  canary: 'the primary waypoint takes its share',
} as const;

const REASONS: Readonly<Record<UnboundReason, string>> = {
  missing: 'WaypointMissing',
  'not-a-waypoint': 'NotAWaypoint',
  'not-allowed': 'AttachmentDenied',
};
