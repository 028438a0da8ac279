import type { FilterContext } from '../author/filter-api.ts';

/** The heads of frames, by their type. Both ends know them; the waypoint believes none of a filter's without a look. */

/** The fields of a message in their order. */
export type HeaderPairs = readonly (readonly [name: string, value: string])[];

/** Head of `load`: the module, and what its object configures it with. */
export interface LoadHead {
  /** TypeScript. */
  readonly source: string;
  /** JSON. */
  readonly config: string;
}

/** `ready`: which functions the module has. */
export interface ReadyHead {
  readonly onRequest: boolean;
  readonly onResponse: boolean;
}

/** `broken` and `failed`: why. */
export interface TroubleHead {
  readonly message: string;
}

/** `call`; the body is that of the message where `hasBody` says so. */
export interface CallHead {
  readonly hook: 'request' | 'response';
  readonly hasBody: boolean;
  readonly context: ContextHead;
  /** For both hooks. */
  readonly request: RequestHead;
  /** For the hook of responses. */
  readonly response?: ResponseHead;
}

/** A request without its body. */
export interface RequestHead {
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  readonly scheme: 'http' | 'https';
  readonly version: string;
  readonly headers: HeaderPairs;
}

/** An answer without its body. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: HeaderPairs;
}

/** All but what belongs to the module as a whole. */
export interface ContextHead {
  readonly client: FilterContext['client'];
  readonly service: FilterContext['service'];
  readonly route: FilterContext['route'];
  /** JSON of what an earlier call has left. */
  readonly locals: string;
}

/** `result`; what is left out is unchanged. The body is the new one where `hasBody` says so. */
export interface ResultHead {
  /** True: the filter's own answer, with `status` and `headers`. */
  readonly answer: boolean;
  readonly method?: string;
  readonly path?: string;
  readonly status?: number;
  readonly headers?: HeaderPairs;
  readonly hasBody?: boolean;
  readonly locals?: string;
}

/** Head of `log`: a line that the module has written. */
export interface LogHead {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Lines left out since the last one. */
  readonly dropped: number;
}

/** What `locals` may be long, in characters of JSON. */
export const LONGEST_LOCALS = 4_096;
