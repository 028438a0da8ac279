/** `WaypointSettings/<root namespace>/<name of the ConfigMap>`. */
export type WaypointSettingsKey = string & { readonly __brand: 'WaypointSettingsKey' };

/** Nothing is checked. */
export function waypointSettingsKey(namespace: string, name: string): WaypointSettingsKey {
  return `WaypointSettings/${namespace}/${name}` as WaypointSettingsKey;
}

/** What MeshConfig says about all waypoints. */
export interface WaypointSettings {
  readonly key: WaypointSettingsKey;
  readonly namespace: string;
  readonly name: string;
  readonly pathNormalization: PathNormalization;
}

/**
 * How far a path is normalized before it is routed and forwarded. `base`: RFC 3986 §6.2.2, and `\` becomes `/`.
 * `merge-slashes`: repeated slashes become one, too. `decode-and-merge-slashes`: `%2F` and `%5C` become slashes first.
 */
export type PathNormalization = 'none' | 'base' | 'merge-slashes' | 'decode-and-merge-slashes';
