import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import type { Clock } from '../../../base/index.ts';
import type { JwtRule } from '../../../model/index.ts';
import { withLists } from '../claim-at.ts';
import { isSignatureAlgorithm, type KeySet, type KeySource } from '../keys/index.ts';
import type { VerifiedToken } from '../verified-token.ts';

/** A rule with its keys. */
export interface TokenRule {
  /** `namespace/name` of the RequestAuthentication that it is of. */
  readonly authentication: string;
  readonly rule: JwtRule;
  readonly keys: KeySource;
}

/** Why a token is not good. */
export type TokenProblem =
  | 'malformed'
  | 'algorithm'
  | 'issuer'
  | 'audience'
  | 'expired'
  | 'not_yet_valid'
  | 'unknown_key'
  | 'signature';

/** What a token turned out to be; told apart by `token`. */
export type Verification = GoodToken | BadToken;

/** A token that no rule found good. */
export interface BadToken {
  readonly problem: TokenProblem;
  /** As the token says, which nobody has to believe; undefined: it is no JWT. */
  readonly issuer: string | undefined;
  /** The rules for its issuer, or, without any, those that look where it stands. */
  readonly tried: readonly TokenRule[];
}

/** A token that one rule at least found good. */
export interface GoodToken {
  readonly token: VerifiedToken;
  /** The rule that it was found good by. */
  readonly rule: JwtRule;
  /** Further rules that require a token, and that this one is good for too. */
  readonly alsoRequiredBy: readonly JwtRule[];
}

/**
 * Checks a token by the rules for its issuer: one of them must find it good. Rejects with ERR_WAYPOINT_TOKEN_KEYS where none
 * does and one of them has no keys to say so with.
 */
export async function verifyToken(
  text: string,
  rules: readonly TokenRule[],
  clock: Pick<Clock, 'now'>,
): Promise<Verification> {
  const head = readHead(text);
  if (head === undefined) return { problem: 'malformed', issuer: undefined, tried: rules };
  const ofIssuer = rules.filter(({ rule }) => rule.issuer === head.issuer);
  const about = { issuer: head.issuer, tried: ofIssuer.length === 0 ? rules : ofIssuer };
  // Before anything else is made of it: `none`, and HMAC with what is no secret.
  if (!isSignatureAlgorithm(head.alg)) return { problem: 'algorithm', ...about };
  let problem: TokenProblem = 'issuer';
  let noKeys: unknown;
  let good: VerifiedBy | undefined;
  const alsoRequiredBy: JwtRule[] = [];
  for (const rule of ofIssuer) {
    if (good !== undefined && !rule.rule.required) continue;
    try {
      const result = await verifyBy(rule, { text, alg: head.alg, kid: head.kid }, clock);
      if ('problem' in result) problem = result.problem;
      else if (good === undefined) good = result;
      else alsoRequiredBy.push(result.rule);
    } catch (error) {
      noKeys = error;
    }
  }
  if (good !== undefined) return { ...good, alsoRequiredBy };
  if (noKeys !== undefined) throw noKeys;
  return { problem, ...about };
}

type VerifiedBy = Pick<GoodToken, 'token' | 'rule'>;
type Attempt = VerifiedBy | { readonly problem: TokenProblem };

interface SignedText {
  readonly text: string;
  readonly alg: string;
  readonly kid: string | undefined;
}

/** What of a token says how to check it; nothing of it is to be believed yet. */
function readHead(text: string) {
  if (text.length > LONGEST_TOKEN) return undefined;
  try {
    const { alg, kid } = decodeProtectedHeader(text);
    const { iss } = decodeJwt(text);
    const isKid = kid === undefined || typeof kid === 'string';
    return typeof iss === 'string' && isKid ? { alg, kid, issuer: iss } : undefined;
  } catch {
    // Whatever it is, it is no JWT.
    return undefined;
  }
}

async function verifyBy(
  { rule, keys }: TokenRule,
  signed: SignedText,
  clock: Pick<Clock, 'now'>,
): Promise<Attempt> {
  const known = await keys.current();
  const first = await tryKeys(rule, signed, known, clock);
  if (!('problem' in first) || !mayBeNewKey(first.problem, signed)) return first;
  // Its issuer may have new keys.
  const latest = await keys.refreshed();
  return latest === known ? first : tryKeys(rule, signed, latest, clock);
}

function mayBeNewKey(problem: TokenProblem, { kid }: SignedText): boolean {
  return problem === 'unknown_key' || (problem === 'signature' && kid === undefined);
}

async function tryKeys(
  rule: JwtRule,
  signed: SignedText,
  keys: KeySet,
  clock: Pick<Clock, 'now'>,
): Promise<Attempt> {
  let problem: TokenProblem = 'unknown_key';
  for (const key of keys.candidates(signed)) {
    try {
      const { payload } = await jwtVerify(signed.text, await key.import(signed.alg), {
        algorithms: [signed.alg],
        issuer: rule.issuer,
        ...(rule.audiences.length === 0 ? {} : { audience: [...rule.audiences] }),
        clockTolerance: LEEWAY_SECONDS,
        currentDate: new Date(clock.now()),
      });
      return { token: tokenOf(payload, rule), rule };
    } catch (error) {
      problem = problemOf(error);
      // Only a signature can be another key's.
      if (problem !== 'signature') return { problem };
    }
  }
  return { problem };
}

/** A key that cannot be used at all counts as one that does not fit. */
function problemOf(error: unknown): TokenProblem {
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    switch (error.claim) {
      case 'aud':
        return 'audience';
      case 'nbf':
        return 'not_yet_valid';
      case 'iss':
        return 'issuer';
      default:
        return 'malformed';
    }
  }
  if (
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JOSENotSupported
  )
    return 'malformed';
  return 'signature';
}

function tokenOf(payload: JWTPayload, { issuer, spaceDelimitedClaims }: JwtRule): VerifiedToken {
  const { sub, aud } = payload;
  return {
    issuer,
    subject: typeof sub === 'string' ? sub : '',
    audiences: [aud ?? []].flat(),
    claims: payload,
    policyClaims: withLists(payload, [...WORD_LISTS, ...spaceDelimitedClaims]),
  };
}

/** Claims that are lists with spaces between wherever they are used (RFC 8693 §4.2, and Keycloak's habit). */
const WORD_LISTS = ['scope', 'permission'];
const LEEWAY_SECONDS = 60;
const LONGEST_TOKEN = 16_384;
