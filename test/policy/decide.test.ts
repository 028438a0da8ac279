import { test } from 'tap';
import {
  type AuthorizationPolicy,
  EMPTY_MATCH,
  type Match,
  parseCidr,
  parseIpAddress,
  parseSpiffeId,
  policyKey,
  type StringMatch,
} from '../../src/model/index.ts';
import { type Decision, decideL4, type L4Attributes } from '../../src/policy/index.ts';
import { makePolicy, policyOf } from '../model/mesh-fixtures.ts';

const frontend = parseSpiffeId('spiffe://cluster.local/ns/shop/sa/frontend');

const base: L4Attributes = {
  sourceAddress: parseIpAddress('10.0.0.9'),
  destinationAddress: parseIpAddress('10.0.0.1'),
  destinationPort: 8080,
  source: frontend,
};

function decide(
  policies: readonly AuthorizationPolicy[],
  attributes: Partial<L4Attributes> = {},
  missing: readonly string[] = [],
): Decision {
  return decideL4({
    policies,
    missing: missing.map((name) => policyKey('shop', name)),
    attributes: { ...base, ...attributes },
  });
}

const plaintext = { source: undefined };
const exact = (value: string): StringMatch => ({ kind: 'exact', value });
const presence: StringMatch = { kind: 'presence' };

test('without policies everything is allowed', async (t) => {
  t.match(decide([]), { verdict: 'allow', reason: { policy: undefined } });
  t.equal(decide([], plaintext).verdict, 'allow');
});

test('a match holds exactly when wire.md says so', async (t) => {
  const rows: [string, Partial<Match>, Partial<L4Attributes>, boolean][] = [
    ['an empty match never holds', {}, {}, false],
    ['a namespace that is the client’s', { namespaces: [exact('shop')] }, {}, true],
    ['a namespace that is not', { namespaces: [exact('bank')] }, {}, false],
    ['any of several namespaces', { namespaces: [exact('bank'), exact('shop')] }, {}, true],
    ['a namespace by prefix', { namespaces: [{ kind: 'prefix', value: 'sh' }] }, {}, true],
    ['a namespace by suffix', { namespaces: [{ kind: 'suffix', value: 'op' }] }, {}, true],
    ['a namespace by a wrong suffix', { namespaces: [{ kind: 'suffix', value: 'sh' }] }, {}, false],
    ['any namespace, with an identity', { namespaces: [presence] }, {}, true],
    ['any namespace, without one', { namespaces: [presence] }, plaintext, false],
    ['not a namespace that it is', { notNamespaces: [exact('shop')] }, {}, false],
    ['not a namespace that it is not', { notNamespaces: [exact('bank')] }, {}, true],
    ['not a namespace, without identity', { notNamespaces: [exact('bank')] }, plaintext, true],
    [
      'a principal without its scheme',
      { principals: [exact('cluster.local/ns/shop/sa/frontend')] },
      {},
      true,
    ],
    ['a principal with its scheme is another string', { principals: [exact(frontend.id)] }, {}, false],
    ['a principal of another trust domain', { principals: [exact('other/ns/shop/sa/frontend')] }, {}, false],
    ['a principal by suffix', { principals: [{ kind: 'suffix', value: '/sa/frontend' }] }, {}, true],
    ['any principal, with an identity', { principals: [presence] }, {}, true],
    ['any principal, in plaintext', { principals: [presence] }, plaintext, false],
    ['no principal at all, with an identity', { notPrincipals: [presence] }, {}, false],
    ['no principal at all, in plaintext (STRICT)', { notPrincipals: [presence] }, plaintext, true],
    ['a service account', { serviceAccounts: [{ namespace: 'shop', serviceAccount: 'frontend' }] }, {}, true],
    [
      'a service account of another namespace',
      { serviceAccounts: [{ namespace: 'bank', serviceAccount: 'frontend' }] },
      {},
      false,
    ],
    [
      'a service account whatever the trust domain',
      { serviceAccounts: [{ namespace: 'shop', serviceAccount: 'frontend' }] },
      { source: parseSpiffeId('spiffe://other.test/ns/shop/sa/frontend') },
      true,
    ],
    [
      'a service account in plaintext',
      { serviceAccounts: [{ namespace: 'shop', serviceAccount: 'frontend' }] },
      plaintext,
      false,
    ],
    [
      'not a service account, in plaintext',
      { notServiceAccounts: [{ namespace: 'shop', serviceAccount: 'frontend' }] },
      plaintext,
      true,
    ],
    [
      'not the service account that it is',
      { notServiceAccounts: [{ namespace: 'shop', serviceAccount: 'frontend' }] },
      {},
      false,
    ],
    ['a source range', { sourceIps: [parseCidr('10.0.0.0/24')] }, {}, true],
    ['a source address', { sourceIps: [parseCidr('10.0.0.9')] }, {}, true],
    ['another source range', { sourceIps: [parseCidr('10.0.1.0/24')] }, {}, false],
    ['a range that splits a byte', { sourceIps: [parseCidr('10.0.0.8/29')] }, {}, true],
    ['a range that splits a byte elsewhere', { sourceIps: [parseCidr('10.0.0.0/29')] }, {}, false],
    ['every IPv4 address', { sourceIps: [parseCidr('0.0.0.0/0')] }, {}, true],
    ['every IPv6 address holds no IPv4 one', { sourceIps: [parseCidr('::/0')] }, {}, false],
    ['a mapped range is its IPv4 range', { sourceIps: [parseCidr('::ffff:10.0.0.0/120')] }, {}, true],
    [
      'an IPv6 source',
      { sourceIps: [parseCidr('fd00::/8')] },
      { sourceAddress: parseIpAddress('fd00::5') },
      true,
    ],
    ['not the source range', { notSourceIps: [parseCidr('10.0.0.0/24')] }, {}, false],
    ['a destination address', { destinationIps: [parseCidr('10.0.0.1/32')] }, {}, true],
    ['not the destination address', { notDestinationIps: [parseCidr('10.0.0.1')] }, {}, false],
    ['a destination port', { destinationPorts: [80, 8080] }, {}, true],
    ['another destination port', { destinationPorts: [80] }, {}, false],
    ['not a destination port', { notDestinationPorts: [8080] }, {}, false],
    ['not another destination port', { notDestinationPorts: [80] }, {}, true],
    ['all attributes that are present', { namespaces: [exact('shop')], destinationPorts: [8080] }, {}, true],
    ['one attribute of two', { namespaces: [exact('shop')], destinationPorts: [80] }, {}, false],
    [
      'a positive value undone by a negative one',
      { destinationPorts: [8080], notDestinationPorts: [8080] },
      {},
      false,
    ],
  ];
  for (const [name, match, attributes, holds] of rows) {
    const policy = policyOf({ name: 'deny' }, match);
    t.equal(decide([policy], attributes).verdict, holds ? 'deny' : 'allow', name);
  }
});

test('rules, clauses and matches combine as any, all, any', async (t) => {
  const yes: Match = { ...EMPTY_MATCH, destinationPorts: [8080] };
  const no: Match = { ...EMPTY_MATCH, destinationPorts: [1] };
  const rows: [string, AuthorizationPolicy['rules'], boolean][] = [
    ['no rules never hold', [], false],
    ['a rule without clauses holds', [{ clauses: [] }], true],
    ['a clause without matches holds', [{ clauses: [{ matches: [] }] }], true],
    ['a clause with nothing but empty matches does not', [{ clauses: [{ matches: [EMPTY_MATCH] }] }], false],
    ['an empty match beside one that holds', [{ clauses: [{ matches: [EMPTY_MATCH, yes] }] }], true],
    ['any match of a clause', [{ clauses: [{ matches: [no, yes] }] }], true],
    ['all clauses of a rule', [{ clauses: [{ matches: [yes] }, { matches: [no] }] }], false],
    ['all clauses, one of them empty', [{ clauses: [{ matches: [] }, { matches: [yes] }] }], true],
    ['any rule', [{ clauses: [{ matches: [no] }] }, { clauses: [{ matches: [yes] }] }], true],
  ];
  for (const [name, rules, holds] of rows)
    t.equal(decide([makePolicy({ name: 'deny', rules })]).verdict, holds ? 'deny' : 'allow', name);
});

test('DENY comes before ALLOW, and an ALLOW that does not match closes the rest', async (t) => {
  const denyMine = policyOf({ name: 'deny' }, { destinationPorts: [8080] });
  const allowMine = policyOf({ name: 'allow', action: 'allow' }, { namespaces: [exact('shop')] });
  const allowOthers = policyOf({ name: 'others', action: 'allow' }, { namespaces: [exact('bank')] });
  t.equal(decide([denyMine, allowMine]).verdict, 'deny');
  t.match(decide([allowMine]), { verdict: 'allow', reason: { policy: 'shop/allow', rule: 0 } });
  t.equal(decide([allowOthers]).verdict, 'deny');
  t.equal(decide([allowOthers, allowMine]).verdict, 'allow');
  t.equal(
    decide([makePolicy({ name: 'nothing', action: 'allow' })]).verdict,
    'deny',
    'an ALLOW without rules allows nobody',
  );
});

test('a refusal says which policy, rule, clause and match decided, who came, and for which port', async (t) => {
  const other: Match = { ...EMPTY_MATCH, destinationPorts: [1] };
  const mine: Match = { ...EMPTY_MATCH, namespaces: [exact('shop')] };
  const deny = makePolicy({
    name: 'deny-shop',
    rules: [{ clauses: [{ matches: [other] }] }, { clauses: [{ matches: [] }, { matches: [other, mine] }] }],
  });
  const { reason } = decide([deny]);
  t.match(reason, { policy: 'shop/deny-shop', rule: 1, clause: 1, match: 1 });
  t.equal(
    reason.sentence,
    'explicitly denied by shop/deny-shop (rule 2, clause 2, match 2): spiffe://cluster.local/ns/shop/sa/frontend from 10.0.0.9 to port 8080',
  );
  const a = makePolicy({ name: 'a', action: 'allow' });
  const b = makePolicy({ name: 'b', action: 'allow' });
  t.equal(
    decide([a, b], plaintext).reason.sentence,
    'allow policies exist, but none allowed: shop/a, shop/b: no identity (plaintext) from 10.0.0.9 to port 8080',
  );
  const many = Array.from({ length: 12 }, (_, n) => makePolicy({ name: `p${n}`, action: 'allow' }));
  t.match(decide(many).reason.sentence, /shop\/p9 and 2 more/);
});

test('a policy that was not understood is not said to have a rule that nobody wrote', async (t) => {
  const broken = makePolicy({ name: 'broken', rules: [{ clauses: [] }] });
  const { verdict, reason } = decide([{ ...broken, notUnderstood: 'spec.rules[0].form: unknown field' }]);
  t.equal(verdict, 'deny');
  t.match(reason, { policy: 'shop/broken', rule: undefined });
  t.match(
    reason.sentence,
    /^refused by shop\/broken, which was not understood \(spec\.rules\[0\]\.form: unknown field\) and so refuses all that it selects: spiffe:/,
  );
});

test('a policy that has not arrived makes the verdict wait, unless a DENY has decided already', async (t) => {
  const deny = policyOf({ name: 'deny' }, { destinationPorts: [8080] });
  const allow = policyOf({ name: 'allow', action: 'allow' }, { destinationPorts: [8080] });
  t.match(decide([], {}, ['late']), { verdict: 'wait', reason: { policy: 'shop/late' } });
  t.equal(decide([allow], {}, ['late']).verdict, 'wait', 'what is missing may be a DENY');
  t.equal(decide([deny], {}, ['late']).verdict, 'deny');
  t.match(decide([], {}, ['x', 'y']).reason.sentence, /names policies not received yet: shop\/x, shop\/y/);
});

test('a dry-run policy never decides, and tells what it would have done', async (t) => {
  const dryDeny = policyOf({ name: 'dry', dryRun: true }, { destinationPorts: [8080] });
  const dryAllow = policyOf({ name: 'dry', dryRun: true, action: 'allow' }, { destinationPorts: [8080] });
  const dryAllowOther = policyOf({ name: 'dry', dryRun: true, action: 'allow' }, { destinationPorts: [1] });
  const dryDenyOther = policyOf({ name: 'dry', dryRun: true }, { destinationPorts: [1] });
  const deny = policyOf({ name: 'deny' }, { destinationPorts: [8080] });
  const allow = policyOf({ name: 'allow', action: 'allow' }, { destinationPorts: [8080] });
  const none = makePolicy({ name: 'none', action: 'allow' });
  const rows: [string, AuthorizationPolicy[], 'allow' | 'deny', 'allow' | 'deny'][] = [
    ['a DENY that matches', [dryDeny], 'allow', 'deny'],
    ['a DENY that does not', [dryDenyOther], 'allow', 'allow'],
    ['a DENY that matches what is denied anyway', [dryDeny, deny], 'deny', 'deny'],
    ['an ALLOW that matches', [dryAllow], 'allow', 'allow'],
    ['an ALLOW that would be the only one and does not match', [dryAllowOther], 'allow', 'deny'],
    ['an ALLOW that does not match beside one that does', [dryAllowOther, allow], 'allow', 'allow'],
    ['an ALLOW that opens what the others did not', [dryAllow, none], 'deny', 'allow'],
    ['an ALLOW against a DENY', [dryAllow, deny], 'deny', 'deny'],
  ];
  for (const [name, policies, real, would] of rows) {
    const decision = decide(policies);
    t.equal(decision.verdict, real, name);
    t.match(decision.dryRun, [{ policy: 'shop/dry', verdict: would, differs: real !== would }], name);
    t.match(
      decision.dryRun[0]?.sentence,
      real === would ? /would change nothing/ : /would (allow|deny) what is now/,
    );
  }
});
