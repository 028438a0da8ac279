/** A label or annotation under Istio's name and under ours. */
export interface TwinName {
  readonly own: string;
  readonly istio: string;
}

/** The value under our name, which wins, or under Istio's; undefined when neither is set. */
export function readTwin(values: ReadonlyMap<string, string>, name: TwinName): string | undefined {
  return values.get(name.own) ?? values.get(name.istio);
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

const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'True', 'TRUE']);
