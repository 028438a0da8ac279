import type { ClaimTest, RequestTest, TokenPrincipalMatch } from '../../model/index.ts';
import { compileStrings, type StringTest } from '../compile-strings.ts';
import type { TokenAttributes } from './attributes.ts';
import type { Doubt } from './compiled-test.ts';
import type { JudgedHttp } from './judged-request.ts';

type PrincipalTest = Extract<RequestTest, { readonly subject: 'request-principal' }>;
type TokenPredicate = (token: TokenAttributes) => boolean;

/**
 * A request may bring several tokens. What lets through must find all that it wants in one of them (`token`) and nothing
 * that it forbids in any; for what stops, any of them will do for each test.
 */
export function compileTokenTest(
  test: PrincipalTest | ClaimTest,
  doubt: Doubt,
): (http: JudgedHttp, token: TokenAttributes | undefined) => boolean {
  const [positive, negative] =
    test.subject === 'claim'
      ? [compileClaim(test.path, test.values), compileClaim(test.path, test.notValues)]
      : [compilePrincipals(test.values, doubt), compilePrincipals(test.notValues, doubt)];
  if (doubt === 'strict')
    return ({ tokens }, token) =>
      (positive === undefined || (token !== undefined && positive(token))) &&
      !(negative !== undefined && tokens.some(negative));
  return ({ tokens }) =>
    (positive === undefined || tokens.some(positive)) &&
    !(negative !== undefined && tokens.length > 0 && tokens.every(negative));
}

/** Text that fits, or a list with such a text in it; numbers and flags fit nothing, as in Istio. */
function compileClaim(path: readonly string[], matches: ClaimTest['values']): TokenPredicate | undefined {
  const test = compileStrings(matches);
  if (test === undefined) return undefined;
  return ({ claims }) => {
    const value = claimAt(claims, path);
    if (typeof value === 'string') return test(value);
    return Array.isArray(value) && value.some((item) => typeof item === 'string' && test(item));
  };
}

/** Undefined: there is no such claim. */
export function claimAt(claims: unknown, path: readonly string[]): unknown {
  let value = claims;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name))
      return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}

/**
 * Issuer and subject are compared each for itself, or `a/b` of the issuer `c` would be `b` of the issuer `c/a`. What stops
 * looks at them as one text as well, since people write `https://accounts*` for an issuer.
 */
function compilePrincipals(
  matches: readonly TokenPrincipalMatch[],
  doubt: Doubt,
): TokenPredicate | undefined {
  if (matches.length === 0) return undefined;
  const tests = matches.map(({ issuer, subject }) => ({
    issuer: compileStrings([issuer]),
    subject: compileStrings([subject]),
    whole: doubt === 'wide' ? compileWhole(issuer, subject) : undefined,
  }));
  return ({ claims: { iss, sub } }) => {
    if (typeof iss !== 'string' || typeof sub !== 'string') return false;
    return tests.some(
      (test) => (fits(test.issuer, iss) && fits(test.subject, sub)) || fits(test.whole, `${iss}/${sub}`),
    );
  };
}

function compileWhole(
  issuer: TokenPrincipalMatch['issuer'],
  subject: TokenPrincipalMatch['subject'],
): StringTest {
  if (issuer.kind === 'exact' && subject.kind === 'prefix')
    return compileStrings([{ kind: 'prefix', value: `${issuer.value}/${subject.value}` }]);
  if (issuer.kind === 'suffix' && subject.kind === 'exact')
    return compileStrings([{ kind: 'suffix', value: `${issuer.value}/${subject.value}` }]);
  return undefined;
}

function fits(test: StringTest, text: string): boolean {
  return test?.(text) === true;
}
