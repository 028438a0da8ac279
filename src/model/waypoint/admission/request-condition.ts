import type { PathMatch } from '../route.ts';

/** Which requests are meant: all of its parts must hold. Judged by the request as the client sent it. */
export interface RequestCondition {
  /** Undefined: any. */
  readonly path: Exclude<PathMatch, { readonly kind: 'grpc' }> | undefined;
  /** Undefined: any. */
  readonly method: string | undefined;
  /** All of them. */
  readonly headers: readonly HeaderCondition[];
  /** Who the client has proved to be, not what the request says; undefined: anybody. */
  readonly client: ClientCondition | undefined;
}

/** Name in lower case. A regex is RE2 and must match all of the value. */
export type HeaderCondition =
  | { readonly kind: 'exact'; readonly name: string; readonly value: string }
  | { readonly kind: 'regex'; readonly name: string; readonly value: string }
  | { readonly kind: 'present'; readonly name: string }
  | { readonly kind: 'absent'; readonly name: string };

/** A client by what it has proved to be; one without identity is never meant. */
export interface ClientCondition {
  readonly namespace: string;
  /** Undefined: every one of the namespace. */
  readonly serviceAccount: string | undefined;
}
