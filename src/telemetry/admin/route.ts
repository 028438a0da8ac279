import { TelemetryError } from '../errors.ts';

/** What a handler gets. */
export interface AdminRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query: URLSearchParams;
  /** Empty for GET. At most 64 KiB. */
  readonly body: string;
  /** Aborted when the client goes away, or the server is destroyed. */
  readonly signal: AbortSignal;
}

/** A handler's answer. Status 200 and plain text unless said otherwise; anything but text or bytes is sent as JSON. */
export interface AdminResponse {
  readonly status?: number | undefined;
  readonly contentType?: string | undefined;
  readonly body: unknown;
}

/** One thing that a server does. */
export interface AdminRoute {
  readonly method: 'GET' | 'POST';
  /** `/config_dump`; matched exactly. */
  readonly path: string;
  /** One line for the index page. */
  readonly summary: string;
  handle(request: AdminRequest): AdminResponse | Promise<AdminResponse>;
}

/** Routes by path, then method. */
export interface RouteTable {
  find(path: string): ReadonlyMap<string, AdminRoute> | undefined;
  readonly routes: readonly AdminRoute[];
}

/** Throws ERR_TELEMETRY_ROUTE when a route is given twice or its path is malformed. */
export function createRouteTable(routes: readonly AdminRoute[]): RouteTable {
  const byPath = new Map<string, Map<string, AdminRoute>>();
  for (const route of routes) {
    const methods = byPath.get(route.path) ?? new Map<string, AdminRoute>();
    if (methods.has(route.method) || !/^\/[^?#\s]*$/.test(route.path)) throw badRoute(route);
    methods.set(route.method, route);
    byPath.set(route.path, methods);
  }
  return { routes, find: (path) => byPath.get(path) };
}

function badRoute(route: AdminRoute): TelemetryError {
  return new TelemetryError({
    code: 'ERR_TELEMETRY_ROUTE',
    blame: 'local',
    message: `route ${route.method} ${route.path} is given twice, or its path is malformed`,
  });
}
