import { createHash } from 'node:crypto';
import { type Clock, describeError, systemClock } from '../../base/index.ts';
import { ControllerError } from '../errors.ts';
import { isKubernetesError } from '../kubernetes/index.ts';
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
  /**
   * How long an answer holds, counted from when it was given, while the API server cannot be asked; never beyond the token's
   * own end. Default 900,000.
   */
  readonly awayMs?: number;
  /** How many answers are kept. Default 10,000. */
  readonly mostRemembered?: number;
  /** How many different tokens may be under review at once; others are turned away for a while. Default 200. */
  readonly mostReviews?: number;
  readonly clock?: Clock;
}

interface GoodToken {
  readonly caller: Caller;
  /** The token's own end, in milliseconds since the epoch. */
  readonly endMs: number;
  /** From then on it is asked about again. */
  readonly askAtMs: number;
  readonly awayUntilMs: number;
}

/**
 * Checks tokens by asking Kubernetes. Whoever asks for the same token meanwhile shares the answer; a good one holds for a
 * moment and never beyond the token's own end. Tokens themselves are not kept.
 *
 * While the API server is away, a token that it has called good a short while ago still is, so that certificates are renewed
 * meanwhile. It is asked again each moment, and as soon as it says no, that is it. Nobody else is let in:
 * ERR_CONTROLLER_TOKEN_REVIEW, which says to come back.
 */
export function createTokenReviewVerifier(options: TokenReviewVerifierOptions): TokenVerifier {
  const { review, audience = 'istio-ca', clock = systemClock } = options;
  const { rememberMs = 10_000, awayMs = 900_000, mostRemembered = 10_000, mostReviews = 200 } = options;
  /** By the token's hash, the oldest first. */
  const known = new Map<string, GoodToken>();
  const running = new Map<string, Promise<Caller>>();

  function remember(key: string, token: string, caller: Caller): void {
    const endMs = tokenEndMs(token);
    if (endMs === undefined) return;
    const nowMs = clock.monotonic();
    known.set(key, { caller, endMs, askAtMs: nowMs + rememberMs, awayUntilMs: nowMs + awayMs });
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
      const found = known.get(key);
      if (isAway(cause) && found !== undefined && clock.monotonic() < found.awayUntilMs && isAlive(found)) {
        known.set(key, { ...found, askAtMs: clock.monotonic() + rememberMs });
        return found.caller;
      }
      throw reviewError(`tokens cannot be checked now: ${describeError(cause)}`, cause);
    }
    known.delete(key);
    const caller = callerFromReview(status, audience);
    remember(key, token, caller);
    return caller;
  }

  const isAlive = ({ endMs }: GoodToken): boolean => clock.now() < endMs;

  return {
    async verify(token) {
      // An API server takes far less; and whoever sends more is not told apart from one with a wrong token.
      if (token === '' || token.length > LONGEST_TOKEN)
        throw tokenError('expected a token, got none or a far too long one');
      const key = createHash('sha256').update(token).digest('base64');
      const found = known.get(key);
      if (found !== undefined && clock.monotonic() < found.askAtMs && isAlive(found)) return found.caller;
      const shared = running.get(key);
      if (shared !== undefined) return shared;
      if (running.size >= mostReviews) throw reviewError(`${running.size} tokens are under review already`);
      const work = ask(key, token).finally(() => running.delete(key));
      running.set(key, work);
      return work;
    },
  };
}

/** An API server that is there, and does not let the controller ask, is not away. */
function isAway(cause: unknown): boolean {
  return isKubernetesError(
    cause,
    'ERR_KUBERNETES_UNREACHABLE',
    'ERR_KUBERNETES_THROTTLED',
    'ERR_KUBERNETES_ANSWER',
  );
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
