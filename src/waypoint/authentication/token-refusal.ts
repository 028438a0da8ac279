import { WaypointError } from '../errors.ts';
import type { TokenProblem } from './tokens/verify-token.ts';

/** RFC 6750 §3.1. The client learns that its time is over, and of nothing else why: what is expected is nobody's business. */
export function invalidToken(problem: TokenProblem | 'too_many'): WaypointError {
  const description = problem === 'expired' ? ', error_description="the token has expired"' : '';
  return new WaypointError({
    code: 'ERR_WAYPOINT_TOKEN_INVALID',
    blame: 'downstream',
    message: `expected a good token, got one that is not: ${PROBLEMS[problem]}`,
    reason: `token_${problem}`,
    answer: challenge(`Bearer error="invalid_token"${description}`),
  });
}

/** RFC 6750 §3.1: who brought no token is told no error. */
export function missingToken(issuer: string): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_TOKEN_MISSING',
    blame: 'downstream',
    message: `expected a token of ${issuer}, got none`,
    reason: 'token_missing',
    answer: challenge('Bearer'),
  });
}

function challenge(text: string) {
  return { headers: [['www-authenticate', text] as const] };
}

const PROBLEMS: Readonly<Record<TokenProblem | 'too_many', string>> = {
  malformed: 'it is no JWT',
  algorithm: 'its algorithm is none that is accepted here',
  issuer: 'no rule that looks where it stands is for its issuer',
  audience: 'it is meant for somebody else',
  expired: 'it has expired',
  not_yet_valid: 'its time has not come yet',
  unknown_key: 'its issuer has no key that could have signed it',
  signature: 'its signature is not that of its issuer',
  too_many: 'there are more tokens than anybody needs',
};
