import { createHash } from 'node:crypto';
import { type Clock, describeError, systemClock } from '../../base/index.ts';
import { ControllerError } from '../errors.ts';
import { isKubernetesError } from '../kubernetes/index.ts';
import type { Caller, TokenBearer, TokenVerifier } from './caller.ts';
import { createStrangerLimits } from './stranger-limits.ts';
import { tokenError } from './token-claims.ts';
import { callerFromReview, tokenEndMs, type TokenReviewStatus } from './token-review.ts';

/** Who judges tokens, how long a judgement holds, and how much strangers may ask. */
export interface TokenReviewVerifierOptions {
  /** Asks the API server (`create tokenreviews.authentication.k8s.io`); rejects when it cannot be asked. */
  readonly review: ReviewToken;
  /** Asks it of tokens that were not good a while ago, so that those that were never wait behind them. Default: the same. */
  readonly reviewStranger?: ReviewToken;
  /** Default `istio-ca`. */
  readonly audience?: string;
  /** How long an answer holds: so long a token still counts whose pod has been deleted. Default 10,000. */
  readonly rememberMs?: number;
  /** The same for one whose pod the controller sees, and will see go. Default 30,000. */
  readonly rememberSeenMs?: number;
  /**
   * How long an answer holds, counted from when it was given, while the API server cannot be asked; never beyond the token's
   * own end. Default 900,000.
   */
  readonly awayMs?: number;
  /** How many answers are kept. Default 10,000. */
  readonly mostRemembered?: number;
  /** How many tokens of strangers may be under review at once; others are turned away for a while. Default 200. */
  readonly mostReviews?: number;
  /** How many of them one host may have under review, or have had refused lately; one comes back each second. Default 60. */
  readonly mostOfHost?: number;
  readonly clock?: Clock;
}

/** What an API server says of a token for an audience. */
export type ReviewToken = (token: string, audience: string) => Promise<TokenReviewStatus>;

interface Request {
  /** The token's hash. */
  readonly key: string;
  readonly token: string;
  readonly bearer: TokenBearer | undefined;
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
 *
 * Tokens that nobody knows are a stranger's, who may send as many as he likes: they are asked about apart from the others,
 * and whoever brings wrong ones is turned away without. No flood makes the API server look away for those who are known: that
 * there is no room in our own client is no reason to go on trusting a token, nor is one of a pod that is known to be gone trusted
 * for what was said of it before.
 */
export function createTokenReviewVerifier(options: TokenReviewVerifierOptions): TokenVerifier {
  const { review, reviewStranger = review, audience = 'istio-ca', clock = systemClock } = options;
  const { rememberMs = 10_000, rememberSeenMs = 30_000, awayMs = 900_000, mostRemembered = 10_000 } = options;
  const { mostReviews: most = 200, mostOfHost: burst = 60 } = options;
  const strangers = createStrangerLimits({ most, burst, clock });
  /** By the token's hash, the oldest first. */
  const known = new Map<string, GoodToken>();
  const running = new Map<string, Promise<Caller>>();

  function remember(key: string, token: string, caller: Caller, bearer: TokenBearer | undefined): void {
    const endMs = tokenEndMs(token);
    if (endMs === undefined) return;
    const nowMs = clock.monotonic();
    const isSeen = caller.pod !== '' && bearer?.isPresent(caller) === true;
    const askAtMs = nowMs + (isSeen ? rememberSeenMs : rememberMs);
    known.set(key, { caller, endMs, askAtMs, awayUntilMs: nowMs + awayMs });
    for (const oldest of known.keys()) {
      if (known.size <= mostRemembered) break;
      known.delete(oldest);
    }
  }

  async function ask(request: Request, how: ReviewToken): Promise<Caller> {
    const { key, token, bearer } = request;
    let status: TokenReviewStatus;
    try {
      status = await how(token, audience);
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
    remember(key, token, caller, bearer);
    return caller;
  }

  const isAlive = ({ endMs }: GoodToken): boolean => clock.now() < endMs;

  async function askForStranger(request: Request): Promise<Caller> {
    const host = hostOf(request.bearer?.address ?? '');
    const end = strangers.begin(host);
    if (end === undefined)
      throw reviewError(`too many unknown tokens are under review, or came from ${host} and were refused`);
    let isRefused = false;
    try {
      return await ask(request, reviewStranger);
    } catch (error) {
      isRefused = error instanceof ControllerError && error.code === 'ERR_CONTROLLER_TOKEN';
      throw error;
    } finally {
      // An API server that is away says nothing about who asks.
      end(!isRefused);
    }
  }

  /** What is known of a token; nothing that was said of one holds when its pod is gone. */
  function recall(key: string, bearer: TokenBearer | undefined): GoodToken | undefined {
    const found = known.get(key);
    if (found === undefined || bearer?.isPresent(found.caller) !== false) return found;
    known.delete(key);
    return undefined;
  }

  return {
    async verify(token, bearer) {
      // An API server takes far less; and whoever sends more is not told apart from one with a wrong token.
      if (token === '' || token.length > LONGEST_TOKEN)
        throw tokenError('expected a token, got none or a far too long one');
      const key = createHash('sha256').update(token).digest('base64');
      const found = recall(key, bearer);
      if (found !== undefined && clock.monotonic() < found.askAtMs && isAlive(found)) return found.caller;
      const shared = running.get(key);
      if (shared !== undefined) return shared;
      const request = { key, token, bearer };
      const asking = found === undefined ? askForStranger(request) : ask(request, review);
      const work = asking.finally(() => running.delete(key));
      running.set(key, work);
      return work;
    },
  };
}

/** An API server that is there, and does not let the controller ask, is not away; nor is one that we have not asked. */
function isAway(cause: unknown): boolean {
  return (
    isKubernetesError(
      cause,
      'ERR_KUBERNETES_UNREACHABLE',
      'ERR_KUBERNETES_THROTTLED',
      'ERR_KUBERNETES_ANSWER',
    ) && cause.blame !== 'local'
  );
}

/** `192.0.2.1:80` and `[::1]:80` without their ports. */
function hostOf(address: string): string {
  return address.replace(/:\d+$/, '');
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
