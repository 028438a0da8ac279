import { create } from '@bufbuild/protobuf';
import type { Attachment, GatewayKey, RouteKey, ServiceKey } from '../../../model/index.ts';
import {
  type Attachment as WireAttachment,
  AttachmentSchema,
  RouteAttachmentSchema,
  ServiceAttachmentSchema,
  WaypointsAttachmentSchema,
} from '../../generated/waypoint_attachment_pb.js';
import { badField, decodePort, requireText } from '../field.ts';

/** `nodemesh.waypoint.Attachment`. */
export function encodeAttachment(attachment: Attachment): WireAttachment {
  return create(AttachmentSchema, { target: encodeTarget(attachment) });
}

function encodeTarget(attachment: Attachment): WireAttachment['target'] {
  switch (attachment.kind) {
    case 'gateway':
      return { case: 'gateway', value: attachment.gateway };
    case 'waypoints': {
      const className = attachment.className ?? '';
      return { case: 'waypoints', value: create(WaypointsAttachmentSchema, { className }) };
    }
    case 'service': {
      const { service, port } = attachment;
      return { case: 'service', value: create(ServiceAttachmentSchema, { service, port: port ?? 0 }) };
    }
    case 'route': {
      const { route, rule } = attachment;
      return { case: 'route', value: create(RouteAttachmentSchema, { route, rule: rule ?? '' }) };
    }
  }
}

/** What is attached to something that this version does not know must not be taken for attached to nothing. */
export function decodeAttachment({ target }: WireAttachment, path: string): Attachment {
  switch (target.case) {
    case 'gateway':
      return { kind: 'gateway', gateway: requireText(target.value, `${path}.gateway`) as GatewayKey };
    case 'waypoints':
      return { kind: 'waypoints', className: target.value.className || undefined };
    case 'service': {
      const port = decodePort(target.value.port, `${path}.service.port`);
      return {
        kind: 'service',
        service: requireText(target.value.service, `${path}.service.service`) as ServiceKey,
        port: port === 0 ? undefined : port,
      };
    }
    case 'route':
      return {
        kind: 'route',
        route: requireText(target.value.route, `${path}.route.route`) as RouteKey,
        rule: target.value.rule === '' ? undefined : target.value.rule,
      };
    default:
      throw badField(path, 'expected a kind of target that this version knows, got none');
  }
}
