import type { TokenLocation } from '../../model/index.ts';
import type { TokenRule } from './tokens/verify-token.ts';

/** How tokens in the requests of one target are verified. */
export interface AuthenticationPlan {
  readonly rules: readonly TokenRule[];
  /** Everywhere that a token may stand, each with the rules that look there. */
  readonly places: readonly TokenPlace[];
  /** Headers that tell backends of tokens: what clients write there is taken away. In lower case. */
  readonly outputHeaders: ReadonlySet<string>;
}

/** A place where a token may stand, with the rules that look there. */
export interface TokenPlace {
  readonly location: TokenLocation;
  readonly rules: readonly TokenRule[];
}

/** For a target whose requests nobody looks for tokens in. */
export const NO_AUTHENTICATION: AuthenticationPlan = { rules: [], places: [], outputHeaders: new Set() };
