/**
 * What a Filter's module exports and is given: `import type { … } from 'nodemesh/filter'`. See docs/filters.md.
 *
 * The module runs in a process of its own. It may import types and nothing else; beside what JavaScript itself has it finds
 * `URL`, `URLSearchParams`, `TextEncoder`, `TextDecoder`, `atob`, `btoa`, `structuredClone`, `crypto`, `console`,
 * `AbortController`, `AbortSignal` and timers. Whatever it keeps in variables lives as long as its process: until the module
 * changes, the waypoint ends, or the process has to be ended.
 */
export interface FilterModule {
  readonly onRequest?: OnRequest;
  readonly onResponse?: OnResponse;
}

/**
 * Called with each request before it is routed to a backend. Changes of `request` go on; an answer that is returned goes
 * back to the client, and the request nowhere. What it throws is a failure of the filter.
 */
export type OnRequest = (
  request: FilterRequest,
  context: FilterContext,
) => FilterAnswer | undefined | Promise<FilterAnswer | undefined>;

/**
 * Called with each answer of a backend (not with one of the waypoint's own, nor with a change to another protocol), by the
 * process that was called with the request as long as there is that. Changes of `response` go on; an answer that is
 * returned takes its place.
 */
export type OnResponse = (
  response: FilterResponse,
  context: FilterContext,
) => FilterAnswer | undefined | Promise<FilterAnswer | undefined>;

/** The request as the client sent it, and as the filter leaves it. */
export interface FilterRequest {
  /** May be changed. Routes and retries go by the method that the client sent. */
  method: string;
  /** Path and query. May be changed; the route was chosen by the one that the client sent. */
  path: string;
  /** Host, as the client wrote it. */
  readonly authority: string;
  readonly scheme: 'http' | 'https';
  /** `1.0`, `1.1` or `2`. */
  readonly version: string;
  readonly headers: FilterHeaders;
  /** The whole body where `spec.body.access` is Request or Both, else undefined. May be replaced. */
  body: Uint8Array | string | undefined;
}

/** The answer as the backend gave it, and as the filter leaves it. */
export interface FilterResponse {
  /** From 200 to 599. May be changed. */
  status: number;
  readonly headers: FilterHeaders;
  /** The whole body where `spec.body.access` is Response or Both, else undefined. May be replaced. */
  body: Uint8Array | string | undefined;
}

/** An answer of the filter's own. */
export interface FilterAnswer {
  /** From 200 to 599. */
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | Iterable<readonly [name: string, value: string]>;
  readonly body?: Uint8Array | string;
}

/**
 * The fields of a message. Names are compared without case. Those that belong to a connection (`host`, `connection`,
 * `content-length`, `transfer-encoding` and the like) are not among them and cannot be set: they follow from the rest.
 */
export interface FilterHeaders extends Iterable<readonly [name: string, value: string]> {
  /** All values of the name as one, joined by `, `; undefined when there are none. */
  get(name: string): string | undefined;
  /** Every value, in order. */
  getAll(name: string): readonly string[];
  has(name: string): boolean;
  /** Puts one value in the place of all there are. */
  set(name: string, value: string): void;
  /** Adds a value behind those there are. */
  add(name: string, value: string): void;
  delete(name: string): void;
}

/** What is known beside the message. The same values for both calls of one request. */
export interface FilterContext {
  /** Who sends the request, as its mesh identity proves. */
  readonly client: {
    /** `spiffe://<trust domain>/ns/<namespace>/sa/<service account>`. */
    readonly principal: string;
    readonly trustDomain: string;
    readonly namespace: string;
    readonly serviceAccount: string;
    readonly address: string;
    readonly port: number;
  };
  /** The service that was called; undefined for a pod that was called by its own address. */
  readonly service:
    | { readonly name: string; readonly namespace: string; readonly hostname: string; readonly port: number }
    | undefined;
  /** The rule that takes the request; undefined without one. */
  readonly route:
    | {
        readonly kind: string;
        readonly namespace: string;
        readonly name: string;
        /** Empty: it has none. */
        readonly rule: string;
      }
    | undefined;
  /** `spec.config` of the Filter. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What `onRequest` leaves here (JSON of at most 4 KiB) `onResponse` of the same request finds. */
  readonly locals: Record<string, unknown>;
  readonly log: FilterLog;
}

/** Writes to the log of the waypoint, at most 20 lines in a second; what is beyond is counted and left out. */
export interface FilterLog {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}
