import {
  cidrContains,
  type RequestPolicy,
  type RequestTest,
  type StringMatch,
} from '../../src/model/index.ts';
import type { HttpAttributes, RequestAttributes, TokenAttributes } from '../../src/policy/index.ts';

/**
 * The plain reading of L7 policies: each attribute has one value, as it stands. On requests that can be read in one way
 * only, the decision must be the same; on all others it may only be stricter.
 */
export function naiveRequestVerdict(
  policies: readonly RequestPolicy[],
  attributes: RequestAttributes,
): 'allow' | 'deny' | 'custom-needed' {
  const of = (kind: RequestPolicy['action']['kind']) =>
    policies.filter(({ action, dryRun }) => action.kind === kind && !dryRun);
  const matches = (policy: RequestPolicy) => policyMatches(policy, attributes);
  if (of('custom').some(matches)) return 'custom-needed';
  if (of('deny').some(matches)) return 'deny';
  const allow = of('allow');
  return allow.length === 0 || allow.some(matches) ? 'allow' : 'deny';
}

function policyMatches(policy: RequestPolicy, attributes: RequestAttributes): boolean {
  const isAllow = policy.action.kind === 'allow';
  return policy.rules.some(({ from, to, when }) => {
    const holds = (test: RequestTest): boolean => testHolds(test, attributes, isAllow);
    const any = (lists: readonly (readonly RequestTest[])[]): boolean =>
      lists.length === 0 || lists.some((tests) => tests.every(holds));
    return any(from) && any(to) && when.every(holds);
  });
}

const HTTP = ['host', 'method', 'path', 'header', 'header-element', 'request-principal', 'claim'];

function testHolds(test: RequestTest, attributes: RequestAttributes, isAllow: boolean): boolean {
  const { http } = attributes;
  if (HTTP.includes(test.subject) && http === undefined) return !isAllow;
  const fits = (value: unknown): boolean => valueFits(test, value, attributes);
  return (test.values.length === 0 || test.values.some(fits)) && !test.notValues.some(fits);
}

function valueFits(test: RequestTest, value: unknown, attributes: RequestAttributes): boolean {
  const { source, http } = attributes;
  switch (test.subject) {
    case 'principal':
      return source !== undefined && textFits(value, source.id.replace('spiffe://', ''));
    case 'namespace':
      return source !== undefined && textFits(value, source.namespace);
    case 'trust-domain':
      return source !== undefined && textFits(value, source.trustDomain);
    case 'service-account': {
      const account = value as { readonly namespace: string; readonly serviceAccount: string };
      return account.namespace === source?.namespace && account.serviceAccount === source.serviceAccount;
    }
    case 'source-ip':
      return cidrContains(value as Parameters<typeof cidrContains>[0], attributes.sourceAddress);
    case 'remote-ip':
      return cidrContains(value as Parameters<typeof cidrContains>[0], attributes.remoteAddress);
    case 'destination-ip':
      return cidrContains(value as Parameters<typeof cidrContains>[0], attributes.destinationAddress);
    case 'port':
      return value === attributes.destinationPort;
    case 'sni':
      return textFits(lower(value), attributes.sni.toLowerCase());
    default:
      return http !== undefined && httpFits(test, value, http);
  }
}

function httpFits(test: RequestTest, value: unknown, http: HttpAttributes): boolean {
  switch (test.subject) {
    case 'method':
      return textFits(value, http.method);
    case 'host': {
      const host = http.authority.toLowerCase();
      return textFits(lower(value), host) || textFits(lower(value), host.replace(/:\d*$/, ''));
    }
    case 'path':
      return pathFits(value as { kind: string; value: string }, http.target.split('?')[0] ?? '');
    case 'header': {
      const lines = http.header(test.name);
      if (lines.length === 0) return false;
      return (value as StringMatch).kind === 'presence' || textFits(value, lines.join(','));
    }
    case 'header-element':
      return http
        .header(test.name)
        .flatMap((line) => line.split(','))
        .some((part) => (value as StringMatch).kind === 'presence' || textFits(value, part.trim()));
    case 'request-principal': {
      const { issuer, subject } = value as { readonly issuer: StringMatch; readonly subject: StringMatch };
      return http.tokens.some(
        ({ claims }) =>
          typeof claims.iss === 'string' &&
          typeof claims.sub === 'string' &&
          textFits(issuer, claims.iss) &&
          textFits(subject, claims.sub),
      );
    }
    case 'claim':
      return http.tokens.some((token) => claimFits(value, token, test.path));
    default:
      throw new Error(test.subject);
  }
}

function claimFits(value: unknown, { claims }: TokenAttributes, path: readonly string[]): boolean {
  let found: unknown = claims;
  for (const name of path) found = (found as Readonly<Record<string, unknown>> | undefined)?.[name];
  const texts = Array.isArray(found) ? found : [found];
  return texts.some((text) => typeof text === 'string' && textFits(value, text));
}

function pathFits(pattern: { kind: string; value: string }, path: string): boolean {
  if (pattern.kind !== 'template') return textFits(pattern, path);
  const source = pattern.value
    .replaceAll(/[.$^+?()|[\]\\]/g, '\\$&')
    .replaceAll('{**}', '.*')
    .replaceAll('{*}', '[^/]+');
  return new RegExp(`^${source}$`).test(path);
}

function textFits(match: unknown, text: string): boolean {
  const { kind, value = '' } = match as { readonly kind: string; readonly value?: string };
  switch (kind) {
    case 'exact':
      return text === value;
    case 'prefix':
      return text.startsWith(value);
    case 'suffix':
      return text.endsWith(value);
    case 'presence':
      return text !== '';
    case 'wildcard':
      return new RegExp(
        `^${value
          .split('*')
          .map((part) => part.replaceAll(/\W/g, '\\$&'))
          .join('.*')}$`,
      ).test(text);
    default:
      throw new Error(kind);
  }
}

function lower(match: unknown): unknown {
  const { kind, value } = match as { readonly kind: string; readonly value?: string };
  return { kind, value: value?.toLowerCase() };
}
