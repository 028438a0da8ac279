import type { Clock } from '../../base/index.ts';
import type { HttpRequest } from '../../http/index.ts';
import type { AuthenticationPlan } from './authentication-plan.ts';
import { invalidToken, missingToken } from './token-refusal.ts';
import { type FoundToken, findTokens } from './tokens/find-tokens.ts';
import { withOutputs, withoutHeaders } from './tokens/token-outputs.ts';
import { type GoodToken, type TokenRule, verifyToken } from './tokens/verify-token.ts';
import { withoutToken } from './tokens/without-token.ts';
import type { VerifiedToken } from './verified-token.ts';

/** A request none of whose tokens is bad. */
export interface Authenticated {
  /** As backends are to see it. */
  readonly request: HttpRequest;
  readonly tokens: readonly VerifiedToken[];
}

/**
 * Verifies every token of a request: one that is not good is refused, wherever it stands. A request without tokens goes on,
 * unless a rule requires one: what it may do without is for policies to say. Rejects with
 * ERR_WAYPOINT_TOKEN_INVALID, ERR_WAYPOINT_TOKEN_MISSING or ERR_WAYPOINT_TOKEN_KEYS.
 */
export async function authenticate(
  request: HttpRequest,
  plan: AuthenticationPlan,
  clock: Pick<Clock, 'now'>,
): Promise<Authenticated> {
  const good: (GoodToken & FoundToken)[] = [];
  for (const { text, location, rules } of tokensOf(request, plan)) {
    const verification = await verifyToken(text, rules, clock);
    if ('problem' in verification) throw invalidToken(verification);
    good.push({ ...verification, text, location });
  }
  const satisfied = new Set(good.flatMap(({ rule, alsoRequiredBy }) => [rule, ...alsoRequiredBy]));
  const unsatisfied = plan.rules.find(({ rule }) => rule.required && !satisfied.has(rule));
  if (unsatisfied !== undefined) throw missingToken(unsatisfied);
  // First everything is taken away, or what one token shows might be taken for another.
  let result = withoutHeaders(request, plan.outputHeaders);
  for (const { rule, location } of good)
    if (!rule.forwardOriginalToken) result = withoutToken(result, location);
  for (const found of good) result = withOutputs(result, found);
  return { request: result, tokens: good.map(({ token }) => token) };
}

interface PlacedToken extends FoundToken {
  readonly rules: readonly TokenRule[];
}

function tokensOf(
  request: HttpRequest,
  { places, rules: tried }: AuthenticationPlan,
): readonly PlacedToken[] {
  const found = places.flatMap(({ location, rules }) =>
    findTokens(request, [location]).map((token) => ({ ...token, rules })),
  );
  // Each costs the checking of a signature.
  if (found.length > MOST_TOKENS) throw invalidToken({ problem: 'too_many', issuer: undefined, tried });
  return found;
}

const MOST_TOKENS = 8;
