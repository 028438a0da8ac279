import type { Attachment } from './attachment.ts';
import type { SessionPersistence } from './route.ts';

/** `<kind>/<namespace>/<name>` of a TrafficPolicy or XBackendTrafficPolicy. */
export type TrafficPolicyKey = string & { readonly __brand: 'TrafficPolicyKey' };

/** Our own kind, and the Gateway API's experimental one. */
export type TrafficPolicyKind = 'TrafficPolicy' | 'XBackendTrafficPolicy';

/** Nothing is checked. */
export function trafficPolicyKey(kind: TrafficPolicyKind, namespace: string, name: string): TrafficPolicyKey {
  return `${kind}/${namespace}/${name}` as TrafficPolicyKey;
}

/** How traffic to what it is attached to is to be carried. */
export interface TrafficPolicy {
  readonly kind: TrafficPolicyKind;
  readonly key: TrafficPolicyKey;
  readonly namespace: string;
  readonly name: string;
  /** Milliseconds since the epoch; infinite when unknown. Of two for the same thing the older counts. */
  readonly createdMs: number;
  readonly attachments: readonly Attachment[];
  readonly overrides: TrafficOverrides;
}

/**
 * What holds on the way to one backend, every value filled in. What the control plane sends are overrides of it, which a
 * waypoint lays over one another: those of a route over those of a service over those of its gateway over its defaults.
 */
export interface TrafficSettings {
  readonly loadBalancer: LoadBalancer;
  /** Undefined: as the Service says. */
  readonly locality: LocalityPreference | undefined;
  /** Undefined: a new endpoint gets its full share at once. */
  readonly slowStart: SlowStart | undefined;
  /** When fewer endpoints than this share may be chosen, in percent, all are. 0: never. Default 50. */
  readonly panicThresholdPercent: number;
  readonly outliers: OutlierEjection;
  readonly limits: TrafficLimits;
  readonly timeouts: TrafficTimeouts;
  readonly retry: RetrySettings;
  readonly retryBudget: RetryBudget;
  readonly sessionPersistence: SessionPersistence | undefined;
  readonly connections: ConnectionSettings;
}

/** Sections that are laid over one another value by value; the others are taken as a whole. */
export type MergedSection = 'outliers' | 'limits' | 'timeouts' | 'retry' | 'retryBudget' | 'connections';

/** Undefined: not said here. */
export type TrafficOverrides = {
  readonly [Section in Exclude<keyof TrafficSettings, MergedSection>]: TrafficSettings[Section] | undefined;
} & {
  readonly [Section in MergedSection]: Unset<TrafficSettings[Section]>;
};

/** The same fields, each of which may be left open. */
export type Unset<T> = { readonly [Field in keyof T]: T[Field] | undefined };

/** How one endpoint is chosen among those that may be taken. */
export type LoadBalancer =
  /** By turns, each as often as its capacity says. */
  | { readonly type: 'round-robin' }
  | { readonly type: 'random' }
  /** Of `choices` drawn at random the one with the fewest requests for its capacity. Default, with 2. */
  | { readonly type: 'least-request'; readonly choices: number }
  /** Of two drawn at random the one that will answer sooner, going by its latency (half forgotten in `decayMs`) and load. */
  | { readonly type: 'peak-ewma'; readonly decayMs: number }
  /** The same key goes to the same endpoint. Requests without the key are balanced by least request. */
  | { readonly type: 'consistent-hash'; readonly key: HashKey; readonly table: HashTable };

/** What of a request decides which endpoint gets it. */
export type HashKey =
  | { readonly kind: 'header'; readonly name: string }
  | HashCookie
  | { readonly kind: 'source-ip' };

/** Clients that do not send the cookie get one when `ttlMs` is set. */
export interface HashCookie {
  readonly kind: 'cookie';
  readonly name: string;
  readonly path: string;
  /** Undefined: none is made. 0: until the client closes. */
  readonly ttlMs: number | undefined;
  /** Further attributes, such as `SameSite`; an empty value stands for the name alone. */
  readonly attributes: readonly { readonly name: string; readonly value: string }[];
}

/**
 * `maglev`: keys spread evenly over a table of `size` places (or the next prime). `ring`: fewest keys moved; each endpoint
 * has `size` points on it for each unit of its capacity.
 */
export interface HashTable {
  readonly kind: 'maglev' | 'ring';
  readonly size: number;
}

/** What a waypoint and an endpoint may share, from far to near. */
export type LocalityScope = 'network' | 'region' | 'zone' | 'subzone' | 'node';

/** `strict`: only endpoints that share all scopes with the waypoint. `failover`: those that share most. `none`: all alike. */
export interface LocalityPreference {
  readonly mode: 'strict' | 'failover' | 'none';
  /** From the widest to the narrowest. */
  readonly scopes: readonly LocalityScope[];
}

/** An endpoint that has just come grows into its share during the window. */
export interface SlowStart {
  readonly windowMs: number;
  /** 1: in proportion to the time; above it more at first, below it less. */
  readonly aggression: number;
  /** What it begins with, in percent of its full share. */
  readonly minimumPercent: number;
}

/** When an endpoint is left out for a while because of how it answers. */
export interface OutlierEjection {
  /** Answers of 500 and above, and all that is a gateway error, in a row. 0: off. Default 0. */
  readonly consecutive5xxErrors: number;
  /** 502, 503, 504, connections that failed and answers that were cut, in a row. 0: off. Default 5. */
  readonly consecutiveGatewayErrors: number;
  /** Failures among the requests of the window, in percent. 0: off. Default 0. */
  readonly failureRatioPercent: number;
  /** A window with fewer requests says nothing. Default 20. */
  readonly failureRatioMinimumRequests: number;
  /** Default 10 s. */
  readonly failureRatioWindowMs: number;
  /** How long an endpoint that says "too many requests" without saying until when is left alone. Default 1 s. */
  readonly rateLimitedDefaultMs: number;
  /** For how long at most such an endpoint is believed. 0: it goes on being chosen. Default 0. */
  readonly rateLimitedMaximumMs: number;
  /** Times the number of ejections in a row. Default 10 s. */
  readonly baseEjectionMs: number;
  /** Default 300 s. */
  readonly maximumEjectionMs: number;
  /** By how much a time may be longer, at random, in percent. Default 10. */
  readonly jitterPercent: number;
  /** At most this share of the endpoints is out at once, but always one may be. Default 10. */
  readonly maximumEjectedPercent: number;
}

/** For one service and port in each waypoint process; what goes beyond is answered with 503. */
export interface TrafficLimits {
  /** Connections to all of its endpoints. Default 10,000. */
  readonly maximumConnections: number;
  /** Requests that wait for a connection or for their turn. Default 1,024. */
  readonly maximumPendingRequests: number;
  /** How long a request waits. Default 5 s. */
  readonly maximumPendingMs: number;
  /** Requests that were sent and not answered to the end. Default 10,000. */
  readonly maximumActiveRequests: number;
  /** Retries that run at once, beside the budget. Default 1,024. */
  readonly maximumActiveRetries: number;
}

/** Zero: no limit. */
export interface TrafficTimeouts {
  /** Until a connection to an endpoint is there. Default 5 s. */
  readonly connectMs: number;
  /** For requests whose route says nothing. Default 0. */
  readonly requestMs: number;
  readonly backendRequestMs: number;
}

/** For requests whose route says nothing, value by value. */
export interface RetrySettings {
  /** How often at most a request is tried again. Default 2. */
  readonly attempts: number;
  /** Statuses that are tried again. Default 503. */
  readonly codes: readonly number[];
  /** gRPC statuses that are tried again, by number. Default 14 (UNAVAILABLE). */
  readonly grpcCodes: readonly number[];
  /** Also methods that are not idempotent, whose request may have had its effect. Default false. */
  readonly nonIdempotent: boolean;
  /** The least time between tries, doubled each time. Default 25 ms. */
  readonly backoffMs: number;
  /** Default 250 ms. */
  readonly maximumBackoffMs: number;
  /** A request with a longer body is not tried again once some of it was sent. Default 64 KiB. */
  readonly maximumBodyBytes: number;
}

/** How many retries there may be, in each waypoint process: the larger of the two. */
export interface RetryBudget {
  /** Of the requests of the interval. Default 20. */
  readonly percent: number;
  /** Default 10 s. */
  readonly intervalMs: number;
  /** Retries that are always possible. Default 10 in 1 s. */
  readonly minimumRetries: number;
  readonly minimumIntervalMs: number;
}

/** Of the connections to endpoints. */
export interface ConnectionSettings {
  /** One that nobody uses is closed after this. Default 30 s. */
  readonly idleMs: number;
  /** No connection takes new requests after this, however busy. 0: no limit. Default 0. */
  readonly maximumAgeMs: number;
  /** 0: no limit. Default 0. */
  readonly maximumRequests: number;
  /** Requests at once on one HTTP/2 connection; what the endpoint allows holds too. Default 100. */
  readonly maximumConcurrentStreams: number;
}

/** What a policy says that says nothing. */
export const NO_TRAFFIC_OVERRIDES: TrafficOverrides = {
  loadBalancer: undefined,
  locality: undefined,
  slowStart: undefined,
  panicThresholdPercent: undefined,
  outliers: {
    consecutive5xxErrors: undefined,
    consecutiveGatewayErrors: undefined,
    failureRatioPercent: undefined,
    failureRatioMinimumRequests: undefined,
    failureRatioWindowMs: undefined,
    rateLimitedDefaultMs: undefined,
    rateLimitedMaximumMs: undefined,
    baseEjectionMs: undefined,
    maximumEjectionMs: undefined,
    jitterPercent: undefined,
    maximumEjectedPercent: undefined,
  },
  limits: {
    maximumConnections: undefined,
    maximumPendingRequests: undefined,
    maximumPendingMs: undefined,
    maximumActiveRequests: undefined,
    maximumActiveRetries: undefined,
  },
  timeouts: { connectMs: undefined, requestMs: undefined, backendRequestMs: undefined },
  retry: {
    attempts: undefined,
    codes: undefined,
    grpcCodes: undefined,
    nonIdempotent: undefined,
    backoffMs: undefined,
    maximumBackoffMs: undefined,
    maximumBodyBytes: undefined,
  },
  retryBudget: {
    percent: undefined,
    intervalMs: undefined,
    minimumRetries: undefined,
    minimumIntervalMs: undefined,
  },
  sessionPersistence: undefined,
  connections: {
    idleMs: undefined,
    maximumAgeMs: undefined,
    maximumRequests: undefined,
    maximumConcurrentStreams: undefined,
  },
};
