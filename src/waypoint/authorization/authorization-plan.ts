import type { Authorizer, RequestPolicy } from '../../model/index.ts';
import { type AskedAttributes, NOTHING_ASKED } from './asked-attributes.ts';

/** Who may do what with one target. */
export interface AuthorizationPlan {
  /** All that hold for it; the same array for as long as they do. */
  readonly policies: readonly RequestPolicy[];
  /** By the names that policies use. */
  readonly authorizers: ReadonlyMap<string, Authorizer>;
  /** Whether they want to know which server a TLS connection asks for. */
  readonly looksAtServerName: boolean;
  /** What is to be kept of requests so that policies can be tried on them later. */
  readonly asked: AskedAttributes;
}

/** For a target that no policy is attached to. */
export const NO_AUTHORIZATION: AuthorizationPlan = {
  policies: [],
  authorizers: new Map(),
  looksAtServerName: false,
  asked: NOTHING_ASKED,
};
