import { WaypointError } from '../errors.ts';
import type { BadToken, TokenProblem, TokenRule } from './tokens/verify-token.ts';

/**
 * RFC 6750 §3.1. The client learns that its time is over, and of nothing else why: what is expected is nobody's business.
 * The log says all of it.
 */
export function invalidToken({
  problem,
  issuer,
  tried,
}: Omit<BadToken, 'problem'> & { readonly problem: Problem }): WaypointError {
  const description = problem === 'expired' ? ', error_description="the token has expired"' : '';
  const got = issuer === undefined ? 'got one that is not' : `got one of ${shown(issuer)} that is not`;
  return new WaypointError({
    code: 'ERR_WAYPOINT_TOKEN_INVALID',
    blame: 'downstream',
    message: `expected a good token of ${issuersOf(tried)} (RequestAuthentication ${policiesOf(tried).join(', ')}), ${got}: ${PROBLEMS[problem]}${problem === 'audience' ? audiencesOf(tried) : ''}`,
    policy: onlyPolicy(tried),
    reason: `token_${problem}`,
    answer: challenge(`Bearer error="invalid_token"${description}`),
  });
}

/** RFC 6750 §3.1: who brought no token is told no error. */
export function missingToken(unsatisfied: TokenRule): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_TOKEN_MISSING',
    blame: 'downstream',
    message: `expected a token of ${unsatisfied.rule.issuer} (RequestAuthentication ${unsatisfied.authentication}), got none`,
    policy: unsatisfied.authentication,
    reason: 'token_missing',
    answer: challenge('Bearer'),
  });
}

type Problem = TokenProblem | 'too_many';

function policiesOf(tried: readonly TokenRule[]): readonly string[] {
  return [...new Set(tried.map(({ authentication }) => authentication))];
}

/** Undefined where several have something to say. */
function onlyPolicy(tried: readonly TokenRule[]): string | undefined {
  const policies = policiesOf(tried);
  return policies.length === 1 ? policies[0] : undefined;
}

function issuersOf(tried: readonly TokenRule[]): string {
  return listed(tried.map(({ rule }) => rule.issuer));
}

function audiencesOf(tried: readonly TokenRule[]): string {
  return `, and not for ${listed(tried.flatMap(({ rule }) => rule.audiences))}`;
}

function listed(texts: readonly string[]): string {
  const all = [...new Set(texts)];
  const rest = all.length - LONGEST_LIST;
  return all.slice(0, LONGEST_LIST).join(' or ') + (rest > 0 ? ` or ${rest} more` : '');
}

/** What a client wrote, made fit for one line of a log. */
function shown(text: string): string {
  const cut = text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}…`;
  return cut.replaceAll(/[^\x21-\x7e…]/g, '?');
}

const LONGEST_LIST = 5;
const LONGEST_SHOWN = 200;

function challenge(text: string) {
  return { headers: [['www-authenticate', text] as const] };
}

const PROBLEMS: Readonly<Record<Problem, string>> = {
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
