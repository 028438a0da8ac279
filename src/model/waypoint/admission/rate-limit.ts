import type { ServiceKey } from '../../service.ts';
import type { AdmissionObject } from './admission-object.ts';
import type { RequestCondition } from './request-condition.ts';

/** How many requests may pass. All requests to everything that it is attached to are counted together. */
export interface RateLimit extends AdmissionObject {
  /** The first that matches a request counts it, the others do not; what none matches passes. */
  readonly rules: readonly RateLimitRule[];
  /** Undefined: each waypoint process counts for itself. */
  readonly shared: SharedCounting | undefined;
  /** Answers say how much is left (RateLimit and RateLimit-Policy fields). */
  readonly announced: boolean;
}

/** Of the rules of an object the first whose conditions hold counts a request, and no other. */
export interface RateLimitRule {
  /** Unique within the object. */
  readonly name: string;
  /** Any of them; empty: every request. */
  readonly conditions: readonly RequestCondition[];
  /** All must have room, else the request is refused and counts nowhere. Empty: no limit. */
  readonly limits: readonly RequestLimit[];
}

/** A token bucket for each key: it holds `burst` requests at most and regains `requests` in each interval, evenly. */
export interface RequestLimit {
  readonly requests: number;
  readonly intervalMs: number;
  readonly burst: number;
  /** Requests with the same values share a bucket. Empty: all requests do. */
  readonly per: readonly LimitKeyPart[];
}

/** What tells requests apart that do not share a bucket. */
export type LimitKeyPart =
  | { readonly kind: LimitKeyAttribute }
  /** Name in lower case; requests without it share a bucket. */
  | { readonly kind: 'header'; readonly name: string };

/** What every request has; `identity` and `namespace` are those that the client has proved. */
export type LimitKeyAttribute = 'identity' | 'namespace' | 'address' | 'service' | 'method' | 'path';

/** Counting in a server that all waypoints share (Redis or Valkey). */
export interface SharedCounting {
  readonly server: CounterServer;
  /** For one check, in milliseconds. */
  readonly timeoutMs: number;
  /** What becomes of requests while the server does not answer. */
  readonly failure: 'open' | 'closed';
  /** Of the server's ACL; undefined: its default user. */
  readonly username: string | undefined;
  /** Name of a file in the waypoint's own directory of credentials; undefined: the server asks for none. */
  readonly passwordFile: string | undefined;
}

/** Where the counting server is: a service of the mesh, or a name or address of its own. */
export type CounterServer =
  | { readonly kind: 'service'; readonly service: ServiceKey; readonly port: number }
  | { readonly kind: 'host'; readonly host: string; readonly port: number };
