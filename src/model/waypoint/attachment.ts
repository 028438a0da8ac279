import type { ServiceKey } from '../service.ts';

/** `<namespace>/<name>` of a Gateway that stands for a waypoint. */
export type GatewayKey = string & { readonly __brand: 'GatewayKey' };

/** `<kind>/<namespace>/<name>` of a route object. */
export type RouteKey = string & { readonly __brand: 'RouteKey' };

export const ALL_WAYPOINTS: Attachment = { kind: 'waypoints', className: undefined };

/** Nothing is checked. */
export function gatewayKey(namespace: string, name: string): GatewayKey {
  return `${namespace}/${name}` as GatewayKey;
}

/** Nothing is checked. */
export function routeKey(kind: RouteKind, namespace: string, name: string): RouteKey {
  return `${kind}/${namespace}/${name}` as RouteKey;
}

/** The kinds of the Gateway API whose parent may be a Service. */
export type RouteKind = 'HTTPRoute' | 'GRPCRoute' | 'TCPRoute' | 'TLSRoute';

/** What a policy is attached to, its `targetRefs` looked up. The narrower beats the wider where only one can count. */
export type Attachment =
  /** Everything that goes through the waypoint. */
  | { readonly kind: 'gateway'; readonly gateway: GatewayKey }
  /** Everything that goes through any waypoint of a GatewayClass, or (undefined) through any at all. */
  | { readonly kind: 'waypoints'; readonly className: string | undefined }
  /** One service; a port narrows it (`sectionName`). */
  | { readonly kind: 'service'; readonly service: ServiceKey; readonly port: number | undefined }
  /** One route; a rule's name narrows it (`sectionName`). */
  | { readonly kind: 'route'; readonly route: RouteKey; readonly rule: string | undefined };

/** The same text for the same target, and for no other. */
export function attachmentId(attachment: Attachment): string {
  switch (attachment.kind) {
    case 'gateway':
      return `gateway ${attachment.gateway}`;
    case 'waypoints':
      return `waypoints ${attachment.className ?? ''}`;
    case 'service':
      return `service ${attachment.service} ${attachment.port ?? ''}`;
    case 'route':
      return `route ${attachment.route} ${attachment.rule ?? ''}`;
  }
}
