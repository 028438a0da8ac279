import { createHash } from 'node:crypto';
import { type Clock, describeError, systemClock } from '../../base/index.ts';
import { ControllerError } from '../errors.ts';
import type { Caller, TokenVerifier } from './caller.ts';
import { tokenError } from './token-claims.ts';
import { callerFromReview, tokenEndMs, type TokenReviewStatus } from './token-review.ts';

export interface TokenReviewVerifierOptions {
  /** Asks the API server (`create tokenreviews.authentication.k8s.io`); rejects when it cannot be asked. */
  readonly review: (token: string, audience: string) => Promise<TokenReviewStatus>;
  /** Default `istio-ca`. */
  readonly audience?: string;
  /** How long an answer holds: so long a token still counts whose pod has been deleted. Default 10,000. */
  readonly rememberMs?: number;
  /** How many answers are kept. Default 10,000. */
  readonly mostRemembered?: number;
  /** How many different tokens may be under review at once; others are turned away for a while. Default 200. */
  readonly mostReviews?: number;
  readonly clock?: Clock;
}

/**
 * Checks tokens by asking Kubernetes. Whoever asks for the same token meanwhile shares the answer; a good one holds for a
 * moment and never beyond the token's own end. Tokens themselves are not kept. Nobody is let in while the API server is
 * away: ERR_CONTROLLER_TOKEN_REVIEW, which says to come back.
 */
export function createTokenReviewVerifier(options: TokenReviewVerifierOptions): TokenVerifier {
  const { review, audience = 'istio-ca', clock = systemClock } = options;
  const { rememberMs = 10_000, mostRemembered = 10_000, mostReviews = 200 } = options;
  /** By the token's hash, the oldest first. */
  const known = new Map<
    string,
    { readonly caller: Caller; readonly untilMs: number; readonly endMs: number }
  >();
  const running = new Map<string, Promise<Caller>>();

  function remember(key: string, token: string, caller: Caller): void {
    const endMs = tokenEndMs(token);
    if (endMs === undefined) return;
    known.set(key, { caller, untilMs: clock.monotonic() + rememberMs, endMs });
    for (const oldest of known.keys()) {
      if (known.size <= mostRemembered) break;
      known.delete(oldest);
    }
  }

  async function ask(key: string, token: string): Promise<Caller> {
    let status: TokenReviewStatus;
    try {
      status = await review(token, audience);
    } catch (cause) {
      throw reviewError(`tokens cannot be checked now: ${describeError(cause)}`, cause);
    }
    const caller = callerFromReview(status, audience);
    remember(key, token, caller);
    return caller;
  }

  return {
    async verify(token) {
      // An API server takes far less; and whoever sends more is not told apart from one with a wrong token.
      if (token === '' || token.length > LONGEST_TOKEN)
        throw tokenError('expected a token, got none or a far too long one');
      const key = createHash('sha256').update(token).digest('base64');
      const found = known.get(key);
      if (found !== undefined) {
        if (clock.monotonic() < found.untilMs && clock.now() < found.endMs) return found.caller;
        known.delete(key);
      }
      const shared = running.get(key);
      if (shared !== undefined) return shared;
      if (running.size >= mostReviews) throw reviewError(`${running.size} tokens are under review already`);
      const work = ask(key, token).finally(() => running.delete(key));
      running.set(key, work);
      return work;
    },
  };
}

function reviewError(message: string, cause?: unknown): ControllerError {
  return new ControllerError({
    code: 'ERR_CONTROLLER_TOKEN_REVIEW',
    blame: 'upstream',
    message,
    hint: 'the API server must answer, and the controller may create tokenreviews.authentication.k8s.io',
    retryable: true,
    cause,
  });
}

const LONGEST_TOKEN = 64 * 1024;
