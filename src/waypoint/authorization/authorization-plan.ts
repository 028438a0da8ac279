import type { Authorizer, RequestPolicy } from '../../model/index.ts';

/** Who may do what with one target. */
export interface AuthorizationPlan {
  /** All that hold for it; the same array for as long as they do. */
  readonly policies: readonly RequestPolicy[];
  /** By the names that policies use. */
  readonly authorizers: ReadonlyMap<string, Authorizer>;
  /** Whether they want to know which server a TLS connection asks for. */
  readonly looksAtServerName: boolean;
}

/** For a target that no policy is attached to. */
export const NO_AUTHORIZATION: AuthorizationPlan = {
  policies: [],
  authorizers: new Map(),
  looksAtServerName: false,
};
