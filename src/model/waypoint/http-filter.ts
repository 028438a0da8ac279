import type { BackendTarget } from './backend.ts';

/** What a route does to requests and responses beside routing them (Gateway API, filters). */
export type HttpFilter =
  | HeaderFilter
  | RedirectFilter
  | RewriteFilter
  | MirrorFilter
  | CorsFilter
  /** One of our own objects, by ExtensionRef. `missing`: a request that meets it gets a 500. */
  | { readonly type: 'extension'; readonly object: ExtensionKey; readonly missing: boolean };

/** `<kind>/<namespace>/<name>` of a Filter, RateLimit or FaultInjection. */
export type ExtensionKey = string & { readonly __brand: 'ExtensionKey' };

/** Headers are set, then added, then removed; names are compared without regard to case. */
export interface HeaderFilter {
  readonly type: 'request-headers' | 'response-headers';
  readonly set: readonly HeaderValue[];
  readonly add: readonly HeaderValue[];
  readonly remove: readonly string[];
}

/** One line of a header. */
export interface HeaderValue {
  readonly name: string;
  readonly value: string;
}

/** Answers with a redirection, whatever the backends are. */
export interface RedirectFilter {
  readonly type: 'redirect';
  /** Undefined: the request's own, for each of these. */
  readonly scheme: string | undefined;
  readonly hostname: string | undefined;
  readonly path: PathReplacement | undefined;
  readonly port: number | undefined;
  readonly status: number;
}

/** Changes what the backend gets to see; undefined: stays as it is. */
export interface RewriteFilter {
  readonly type: 'rewrite';
  readonly hostname: string | undefined;
  readonly path: PathReplacement | undefined;
}

/** `full` replaces the whole path, `prefix` the part that a prefix match matched. The query stays in both cases. */
export interface PathReplacement {
  readonly kind: 'full' | 'prefix';
  readonly value: string;
}

/** Sends a copy of the request to another backend, whose answer nobody gets. */
export interface MirrorFilter {
  readonly type: 'mirror';
  readonly backend: BackendTarget;
  /** The share of requests that is mirrored. */
  readonly numerator: number;
  readonly denominator: number;
}

/** Answers the questions of browsers, and allows them what they asked for. */
export interface CorsFilter {
  readonly type: 'cors';
  readonly allowOrigins: readonly string[];
  readonly allowCredentials: boolean;
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly maxAgeSeconds: number;
}
