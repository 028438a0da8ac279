import type { MeshSettings } from './mesh-settings.ts';

/** A label or annotation under Istio's name and under ours. */
export interface TwinName {
  readonly own: string;
  readonly istio: string;
}

/** The value under our name, which wins, or under Istio's; undefined when neither is set. */
export function readTwin(values: ReadonlyMap<string, string>, name: TwinName): string | undefined {
  return values.get(name.own) ?? values.get(name.istio);
}

/** As readTwin for a name that claims something for a mesh: side by side with another one, ours alone counts. */
export function readClaim(
  values: ReadonlyMap<string, string>,
  name: TwinName,
  { sideBySide }: Pick<MeshSettings, 'sideBySide'>,
): string | undefined {
  return sideBySide === true ? values.get(name.own) : readTwin(values, name);
}

/** `true`, `1`, `t` and their upper-case forms, as Go reads a flag; all else, also nothing, is false. */
export function isTrue(value: string | undefined): boolean {
  return value !== undefined && TRUE.has(value);
}

/** Pod annotation: its traffic is captured, so others may send it HBONE. */
export const REDIRECTION: TwinName = {
  own: 'nodemesh.io/redirection',
  istio: 'ambient.istio.io/redirection',
};
export const REDIRECTION_ENABLED = 'enabled';

/** Pod and namespace label. */
export const DATAPLANE_MODE: TwinName = {
  own: 'nodemesh.io/dataplane-mode',
  istio: 'istio.io/dataplane-mode',
};

/** Pod label: it terminates HBONE itself. */
export const NATIVE_TUNNEL: TwinName = { own: 'nodemesh.io/tunnel', istio: 'networking.istio.io/tunnel' };

/** Policy annotation: evaluated and counted, never enforced. */
export const DRY_RUN: TwinName = { own: 'nodemesh.io/dry-run', istio: 'istio.io/dry-run' };

/** Service and namespace annotation. */
export const TRAFFIC_DISTRIBUTION: TwinName = {
  own: 'nodemesh.io/traffic-distribution',
  istio: 'networking.istio.io/traffic-distribution',
};

/** Service and namespace label. */
export const INGRESS_USE_WAYPOINT: TwinName = {
  own: 'nodemesh.io/ingress-use-waypoint',
  istio: 'istio.io/ingress-use-waypoint',
};

/** Label of a Namespace, Service or Pod: the Gateway that its traffic goes through, or `none`. */
export const USE_WAYPOINT: TwinName = { own: 'nodemesh.io/use-waypoint', istio: 'istio.io/use-waypoint' };
/** Label beside it: the Gateway's namespace, where that is another. */
export const USE_WAYPOINT_NAMESPACE: TwinName = {
  own: 'nodemesh.io/use-waypoint-namespace',
  istio: 'istio.io/use-waypoint-namespace',
};
/** Label: a second waypoint that takes a share of the traffic. */
export const USE_WAYPOINT_CANARY: TwinName = {
  own: 'nodemesh.io/use-waypoint-canary',
  istio: 'istio.io/use-waypoint-canary',
};
export const USE_WAYPOINT_CANARY_NAMESPACE: TwinName = {
  own: 'nodemesh.io/use-waypoint-canary-namespace',
  istio: 'istio.io/use-waypoint-canary-namespace',
};
/** Annotation: that share in percent; 0 where it is missing. */
export const USE_WAYPOINT_CANARY_WEIGHT: TwinName = {
  own: 'nodemesh.io/use-waypoint-canary-weight',
  istio: 'istio.io/use-waypoint-canary-weight',
};
/** Label of a Gateway or its class: `service` (default), `workload`, `all` or `none`. */
export const WAYPOINT_FOR: TwinName = { own: 'nodemesh.io/waypoint-for', istio: 'istio.io/waypoint-for' };
/** Annotation of a Gateway or its class: how its pods take what their ztunnel brings, as `PROXY/15088`. */
export const INBOUND_BINDING: TwinName = {
  own: 'nodemesh.io/waypoint-inbound-binding',
  istio: 'ambient.istio.io/waypoint-inbound-binding',
};
/** Label of a Namespace, Service or Pod: `open` lets traffic go round a waypoint that cannot take it. */
export const WAYPOINT_FAILURE = 'nodemesh.io/waypoint-failure';
/** Label of a Namespace or Pod: `refuse` lets nothing come round the waypoint. */
export const WAYPOINT_BYPASS = 'nodemesh.io/waypoint-bypass';
/** Annotations of a Gateway: names for what is made because of it. */
export const GATEWAY_NAME_OVERRIDE: TwinName = {
  own: 'gateway.nodemesh.io/name-override',
  istio: 'gateway.istio.io/name-override',
};
export const GATEWAY_SERVICE_ACCOUNT: TwinName = {
  own: 'gateway.nodemesh.io/service-account',
  istio: 'gateway.istio.io/service-account',
};
/** Label of pods: the Gateway that they stand for. */
export const GATEWAY_NAME = 'gateway.networking.k8s.io/gateway-name';

const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'True', 'TRUE']);
