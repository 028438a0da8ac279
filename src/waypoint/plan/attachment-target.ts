import { type Attachment, attachmentsOf, type GatewayKey, type WaypointResource } from '../../model/index.ts';
import type { PlanTarget } from './plan-target.ts';

/** What policies may be attached to: a target, as it is reached through one waypoint. */
export interface AttachmentTarget extends PlanTarget {
  readonly gateway: GatewayKey;
}

/** Whether a resource is attached to all of the target's traffic; one that is attached to a route of it is not. */
export function holdsFor(resource: WaypointResource, target: AttachmentTarget): boolean {
  return attachmentsOf(resource).some((attachment) => covers(attachment, target));
}

function covers(attachment: Attachment, { gateway, service, port }: AttachmentTarget): boolean {
  switch (attachment.kind) {
    case 'gateway':
      return attachment.gateway === gateway;
    case 'waypoints':
      // Only waypoints of the class are told.
      return true;
    case 'service':
      return attachment.service === service && (attachment.port === undefined || attachment.port === port);
    case 'route':
      return false;
  }
}
