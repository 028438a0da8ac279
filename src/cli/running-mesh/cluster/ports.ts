/** Where a proxy answers a path: metrics and readiness have ports of their own. */
export function proxyPortOf(path: string): number {
  if (METRICS.test(path)) return 15_020;
  return READINESS.test(path) ? 15_021 : 15_000;
}

/** Where a controller does: what is for everybody is apart from what only the pod's loopback has. */
export function controllerPortOf(path: string): number {
  return METRICS.test(path) || READINESS.test(path) || ROOTS.test(path) ? 15_014 : 15_000;
}

const METRICS = /^\/(metrics|stats\/prometheus)(\?|$)/;
const READINESS = /^\/healthz\/ready(\?|$)/;
const ROOTS = /^\/ca\/roots(\?|$)/;

/** Dashboards and APIs, on the pods' loopback. */
export const MESH_API_PORT = 8080;
export const NODE_API_PORT = 15_022;
