import type { RequestPolicy, RequestTest } from '../../model/index.ts';
import type { HttpAttributes, RequestAttributes } from '../l7/attributes.ts';
import type { HttpTest } from '../l7/compile-http-test.ts';
import { compileRequestPolicy, nameOf } from '../l7/compile-rule.ts';
import { claimAt } from '../l7/compile-token-test.ts';
import { judgeRequest } from '../l7/judged-request.ts';
import { type RuleAppraisal, wished } from './appraisal.ts';
import { type PolicyValue, valueText } from './value-text.ts';

/** How near each rule of a policy is to holding for a request, by the tests that decide. For telling people: not fast. */
export function appraiseL7(policy: RequestPolicy, attributes: RequestAttributes): readonly RuleAppraisal[] {
  return compileRequestPolicy(policy)
    .missed(judgeRequest(attributes))
    .map(({ rule, failed }) => ({
      rule,
      unmet: failed.map(({ part, place, test }) => ({
        where: place === undefined ? part : `${part} ${place + 1}`,
        subject: nameOf(test),
        expected: wished(textsOf(test.values), textsOf(test.notValues)),
        got: gotFor(test, attributes),
      })),
    }));
}

function textsOf(values: readonly PolicyValue[]): readonly string[] {
  return values.map(valueText);
}

function gotFor(test: RequestTest, attributes: RequestAttributes): string {
  const { source, http } = attributes;
  switch (test.subject) {
    case 'principal':
      return source?.id.slice('spiffe://'.length) ?? NOBODY;
    case 'namespace':
      return source?.namespace ?? NOBODY;
    case 'trust-domain':
      return source?.trustDomain ?? NOBODY;
    case 'service-account':
      return source === undefined ? NOBODY : `${source.namespace}/${source.serviceAccount}`;
    case 'source-ip':
      return attributes.sourceAddress;
    case 'remote-ip':
      return attributes.remoteAddress;
    case 'destination-ip':
      return attributes.destinationAddress;
    case 'port':
      return String(attributes.destinationPort);
    case 'sni':
      return attributes.sni === '' ? 'no server name' : attributes.sni;
    case 'host':
    case 'method':
    case 'path':
    case 'header':
    case 'header-element':
    case 'request-principal':
    case 'claim':
      return http === undefined ? 'no HTTP' : gotOfHttp(test, http);
  }
}

function gotOfHttp(test: HttpTest, http: HttpAttributes): string {
  switch (test.subject) {
    case 'host':
      return http.authority;
    case 'method':
      return http.method;
    case 'path':
      return http.target.split('?')[0] ?? '';
    case 'header':
    case 'header-element': {
      if (test.name === ':method') return http.method;
      if (test.name === ':authority' || test.name === 'host') return http.authority;
      const values = http.header(test.name);
      return values.length === 0 ? 'no such header' : values.join(', ');
    }
    case 'request-principal':
      return http.tokens.length === 0
        ? 'no token'
        : http.tokens.map(({ claims: { iss, sub } }) => `${String(iss)}/${String(sub)}`).join(', ');
    case 'claim': {
      if (http.tokens.length === 0) return 'no token';
      const found = http.tokens.flatMap(({ claims }) => claimAt(claims, test.path) ?? []);
      return found.length === 0 ? 'no such claim' : found.map((value) => JSON.stringify(value)).join(', ');
    }
  }
}

const NOBODY = 'no identity';
