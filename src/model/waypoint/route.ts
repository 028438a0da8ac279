import type { ServiceKey } from '../service.ts';
import type { RouteKey, RouteKind } from './attachment.ts';
import type { HttpFilter } from './http-filter.ts';
import type { Backend } from './backend.ts';

/** A service whose traffic a route routes. Only parents that accepted the route are listed. */
export interface RouteParent {
  readonly service: ServiceKey;
  /** Undefined: every port of the service. */
  readonly port: number | undefined;
}

interface RouteHead {
  readonly key: RouteKey;
  readonly namespace: string;
  readonly name: string;
  /** Milliseconds since the epoch; infinite when unknown. Older routes win ties. */
  readonly createdMs: number;
  /**
   * Where the namespace of the service is the route's own it is a producer route, for every client; else a consumer
   * route, for clients of the route's namespace alone.
   */
  readonly parents: readonly RouteParent[];
  /** In lower case, `*.` in front of some; empty: any. */
  readonly hostnames: readonly string[];
}

/** An HTTPRoute or GRPCRoute. */
export interface HttpRoute extends RouteHead {
  readonly kind: Extract<RouteKind, 'HTTPRoute' | 'GRPCRoute'>;
  readonly rules: readonly HttpRule[];
}

/** A TCPRoute or TLSRoute: the connection as a whole goes to one backend. */
export interface StreamRoute extends RouteHead {
  readonly kind: Extract<RouteKind, 'TCPRoute' | 'TLSRoute'>;
  readonly rules: readonly StreamRule[];
}

/** A route of either kind; `kind` tells which rules it has. */
export type Route = HttpRoute | StreamRoute;

/** What happens to the requests that match. */
export interface HttpRule {
  /** Empty when it has none. */
  readonly name: string;
  /** Any of them; never empty: without any in the object there is one that matches everything. */
  readonly matches: readonly HttpMatch[];
  /** In the order in which they were written. */
  readonly filters: readonly HttpFilter[];
  readonly backends: readonly HttpBackend[];
  readonly timeouts: RouteTimeouts;
  readonly retry: RouteRetry | undefined;
  readonly sessionPersistence: SessionPersistence | undefined;
}

/** Which backends the connections are shared among. */
export interface StreamRule {
  readonly name: string;
  readonly backends: readonly Backend[];
}

/** All parts must hold. */
export interface HttpMatch {
  readonly path: PathMatch;
  /** Undefined: any. */
  readonly method: string | undefined;
  readonly headers: readonly ValueMatch[];
  readonly query: readonly ValueMatch[];
}

/** How a path is compared. */
export type PathMatch =
  /** `prefix` goes by whole path elements (`/a` matches `/a/b`, not `/ab`); `regex` is RE2 and must match all of the path. */
  | { readonly kind: 'exact' | 'prefix' | 'regex'; readonly value: string }
  /** A gRPC method: `/<service>/<method>`, each exact or RE2; undefined matches any. */
  | {
      readonly kind: 'grpc';
      readonly type: 'exact' | 'regex';
      readonly service: string | undefined;
      readonly method: string | undefined;
    };

/** A header (name in lower case) or a query parameter (name as written). A regex is RE2 and must match all of the value. */
export interface ValueMatch {
  readonly kind: 'exact' | 'regex';
  readonly name: string;
  readonly value: string;
}

/** Undefined: unset. Zero: no limit. */
export interface RouteTimeouts {
  /** From the first byte of the request to the last of the response. */
  readonly requestMs: number | undefined;
  /** The same for each try at a backend. */
  readonly backendRequestMs: number | undefined;
}

/** When a request of this rule is tried again. */
export interface RouteRetry {
  /** How often at most a request is tried again; undefined: the waypoint's default. */
  readonly attempts: number | undefined;
  /** Statuses that are tried again. Connect failures always are. */
  readonly codes: readonly number[];
  /** The least time between tries; undefined: the waypoint's default. */
  readonly backoffMs: number | undefined;
}

/** How a client stays with the backend that it got first (Gateway API, GEP-1619). */
export interface SessionPersistence {
  readonly type: 'cookie' | 'header';
  /** Empty: one that the waypoint makes up. */
  readonly sessionName: string;
  readonly absoluteTimeoutMs: number | undefined;
  readonly idleTimeoutMs: number | undefined;
  /** False: until the client closes. */
  readonly permanentCookie: boolean;
}

/** A share of the requests, with filters of its own. */
export interface HttpBackend extends Backend {
  /** For requests to this backend only. */
  readonly filters: readonly HttpFilter[];
}
