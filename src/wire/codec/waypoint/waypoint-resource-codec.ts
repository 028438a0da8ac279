import { create } from '@bufbuild/protobuf';
import type { WaypointResource } from '../../../model/index.ts';
import { WAYPOINT_RESOURCE_TYPE } from '../../../xds/index.ts';
import { ResourceSchema } from '../../generated/waypoint_pb.js';
import { badField } from '../field.ts';
import { type ResourceCodec, resourceCodec } from '../resource-codec.ts';
import { decodeRoute, encodeRoute } from './route-codec.ts';
import { decodeTrafficPolicy, encodeTrafficPolicy } from './traffic-policy-codec.ts';

/** `nodemesh.waypoint.Resource`: all that waypoints are told beside the mesh itself, under one type. */
export const waypointResourceCodec: ResourceCodec<WaypointResource> = resourceCodec({
  typeUrl: WAYPOINT_RESOURCE_TYPE,
  schema: ResourceSchema,
  toMessage: (resource: WaypointResource) => create(ResourceSchema, { content: contentOf(resource) }),
  fromMessage({ content }): WaypointResource {
    switch (content.case) {
      case 'route':
        return { kind: 'route', route: decodeRoute(content.value) };
      case 'traffic':
        return { kind: 'traffic', policy: decodeTrafficPolicy(content.value) };
      default:
        throw badField('content', 'expected a kind of resource that this version knows, got none');
    }
  },
  nameOf: waypointResourceName,
});

/** Names are unique over all kinds, since each begins with the kind of its object. */
export function waypointResourceName(resource: WaypointResource): string {
  switch (resource.kind) {
    case 'route':
      return resource.route.key;
    case 'traffic':
      return resource.policy.key;
  }
}

function contentOf(resource: WaypointResource) {
  switch (resource.kind) {
    case 'route':
      return { case: 'route' as const, value: encodeRoute(resource.route) };
    case 'traffic':
      return { case: 'traffic' as const, value: encodeTrafficPolicy(resource.policy) };
  }
}
