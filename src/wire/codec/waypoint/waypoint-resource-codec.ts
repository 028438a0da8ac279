import { create } from '@bufbuild/protobuf';
import {
  boundServiceName,
  type ServiceKey,
  type WaypointResource,
  waypointTelemetryName,
} from '../../../model/index.ts';
import { WAYPOINT_RESOURCE_TYPE } from '../../../xds/index.ts';
import { BoundServiceSchema, ResourceSchema } from '../../generated/waypoint_pb.js';
import { badField, requireText } from '../field.ts';
import { type ResourceCodec, resourceCodec } from '../resource-codec.ts';
import { decodeWaypointTelemetry, encodeWaypointTelemetry } from '../telemetry/waypoint-telemetry-codec.ts';
import { decodeFaultInjection, encodeFaultInjection } from './admission/fault-codec.ts';
import { decodeFilter, encodeFilter } from './admission/filter-codec.ts';
import { decodeRateLimit, encodeRateLimit } from './admission/rate-limit-codec.ts';
import { decodeAuthentication, encodeAuthentication } from './authentication-codec.ts';
import { decodeRequestPolicy, encodeRequestPolicy } from './authorization/request-policy-codec.ts';
import { decodeAuthorizer, encodeAuthorizer } from './authorizer-codec.ts';
import { decodeRoute, encodeRoute } from './route-codec.ts';
import { decodeSettings, encodeSettings } from './settings-codec.ts';
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
      case 'authorization':
        return { kind: 'authorization', policy: decodeRequestPolicy(content.value) };
      case 'authentication':
        return { kind: 'authentication', authentication: decodeAuthentication(content.value) };
      case 'traffic':
        return { kind: 'traffic', policy: decodeTrafficPolicy(content.value) };
      case 'rateLimit':
        return { kind: 'rate-limit', limit: decodeRateLimit(content.value) };
      case 'faultInjection':
        return { kind: 'fault-injection', fault: decodeFaultInjection(content.value) };
      case 'filter':
        return { kind: 'filter', filter: decodeFilter(content.value) };
      case 'authorizer':
        return { kind: 'authorizer', authorizer: decodeAuthorizer(content.value) };
      case 'settings':
        return { kind: 'settings', settings: decodeSettings(content.value) };
      case 'telemetry':
        return { kind: 'telemetry', telemetry: decodeWaypointTelemetry(content.value) };
      case 'boundService': {
        const service = requireText(content.value.service, 'bound_service.service') as ServiceKey;
        return { kind: 'bound-service', service };
      }
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
    case 'authorization':
      // A PolicyKey has no kind in front: at L4 the type of the resource says it.
      return `AuthorizationPolicy/${resource.policy.key}`;
    case 'authentication':
      return resource.authentication.key;
    case 'traffic':
      return resource.policy.key;
    case 'rate-limit':
      return resource.limit.key;
    case 'fault-injection':
      return resource.fault.key;
    case 'filter':
      return resource.filter.key;
    case 'authorizer':
      return resource.authorizer.key;
    case 'settings':
      return resource.settings.key;
    case 'telemetry':
      return waypointTelemetryName(resource.telemetry.gateway);
    case 'bound-service':
      return boundServiceName(resource.service);
  }
}

function contentOf(resource: WaypointResource) {
  switch (resource.kind) {
    case 'route':
      return { case: 'route' as const, value: encodeRoute(resource.route) };
    case 'authorization':
      return { case: 'authorization' as const, value: encodeRequestPolicy(resource.policy) };
    case 'authentication':
      return { case: 'authentication' as const, value: encodeAuthentication(resource.authentication) };
    case 'traffic':
      return { case: 'traffic' as const, value: encodeTrafficPolicy(resource.policy) };
    case 'rate-limit':
      return { case: 'rateLimit' as const, value: encodeRateLimit(resource.limit) };
    case 'fault-injection':
      return { case: 'faultInjection' as const, value: encodeFaultInjection(resource.fault) };
    case 'filter':
      return { case: 'filter' as const, value: encodeFilter(resource.filter) };
    case 'authorizer':
      return { case: 'authorizer' as const, value: encodeAuthorizer(resource.authorizer) };
    case 'settings':
      return { case: 'settings' as const, value: encodeSettings(resource.settings) };
    case 'telemetry':
      return { case: 'telemetry' as const, value: encodeWaypointTelemetry(resource.telemetry) };
    case 'bound-service':
      return {
        case: 'boundService' as const,
        value: create(BoundServiceSchema, { service: resource.service }),
      };
  }
}
