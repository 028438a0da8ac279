import type { FaultInjection, Filter, RateLimit } from './admission/index.ts';
import type { ServiceKey } from '../service.ts';
import { ALL_WAYPOINTS, type Attachment } from './attachment.ts';
import type { RequestAuthentication } from './authentication.ts';
import type { RequestPolicy } from './authorization.ts';
import type { Authorizer } from './authorizer.ts';
import type { ExtensionKey } from './http-filter.ts';
import type { Route } from './route.ts';
import type { BackendTarget } from './backend.ts';
import type { TrafficPolicy } from './traffic-policy.ts';
import type { WaypointSettings } from './waypoint-settings.ts';
import type { WaypointTelemetry } from './waypoint-telemetry.ts';

/** One thing that a waypoint is told beside the mesh itself (services and workloads). */
export type WaypointResource =
  | { readonly kind: 'route'; readonly route: Route }
  | { readonly kind: 'traffic'; readonly policy: TrafficPolicy }
  | { readonly kind: 'rate-limit'; readonly limit: RateLimit }
  | { readonly kind: 'fault-injection'; readonly fault: FaultInjection }
  | { readonly kind: 'filter'; readonly filter: Filter }
  | { readonly kind: 'authorization'; readonly policy: RequestPolicy }
  | { readonly kind: 'authentication'; readonly authentication: RequestAuthentication }
  | { readonly kind: 'authorizer'; readonly authorizer: Authorizer }
  | { readonly kind: 'settings'; readonly settings: WaypointSettings }
  | { readonly kind: 'telemetry'; readonly telemetry: WaypointTelemetry }
  /**
   * The waypoint is told everything that holds for the service, or, where the service is its own, for everything that goes
   * through it. Before and after it must take nothing for it.
   */
  | { readonly kind: 'bound-service'; readonly service: ServiceKey };

/** What kinds of resources there are. */
export type WaypointResourceKind = WaypointResource['kind'];

/** What a resource is attached to. A route has parents instead. */
export function attachmentsOf(resource: WaypointResource): readonly Attachment[] {
  switch (resource.kind) {
    case 'route':
      return [];
    case 'authorization':
    case 'traffic':
      return resource.policy.attachments;
    case 'rate-limit':
      return resource.limit.attachments;
    case 'fault-injection':
      return resource.fault.attachments;
    case 'filter':
      return resource.filter.attachments;
    case 'authentication':
      return resource.authentication.attachments;
    case 'authorizer':
    case 'settings':
      return [ALL_WAYPOINTS];
    case 'telemetry':
      return [{ kind: 'gateway', gateway: resource.telemetry.gateway }];
    case 'bound-service':
      return [{ kind: 'service', service: resource.service, port: undefined }];
  }
}

/** The objects that a route's filters name: they hold for its rules, whatever else they are attached to. */
export function extensionsOf(route: Route): ReadonlySet<ExtensionKey> {
  const found = new Set<ExtensionKey>();
  if (route.kind !== 'HTTPRoute' && route.kind !== 'GRPCRoute') return found;
  for (const rule of route.rules) {
    for (const filter of [...rule.filters, ...rule.backends.flatMap((backend) => backend.filters)])
      if (filter.type === 'extension') found.add(filter.object);
  }
  return found;
}

/** The services that a route sends requests to, mirrors among them: how these are to be reached concerns it. */
export function backendsOf(route: Route): ReadonlySet<ServiceKey> {
  const found = new Set<ServiceKey>();
  const note = (target: BackendTarget): void => {
    if (target.kind === 'service') found.add(target.service);
  };
  for (const rule of route.rules) for (const { target } of rule.backends) note(target);
  if (route.kind !== 'HTTPRoute' && route.kind !== 'GRPCRoute') return found;
  for (const rule of route.rules) {
    for (const filter of [...rule.filters, ...rule.backends.flatMap((backend) => backend.filters)])
      if (filter.type === 'mirror') note(filter.backend);
  }
  return found;
}

/** The name under which a waypoint is told that it has everything about a service. */
export function boundServiceName(service: ServiceKey): string {
  return `Service/${service}`;
}
