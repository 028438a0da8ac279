import { test } from 'tap';
import type { RequestPolicy, RequestTest, StringMatch } from '../../src/model/index.ts';
import { decideL7, type RequestAttributes } from '../../src/policy/index.ts';
import { connectionOf, policyOf, requestOf } from './support/requests.ts';

const exact = (value: string): StringMatch => ({ kind: 'exact', value });
const ANY: StringMatch = { kind: 'presence' };
const method = (value: string): RequestTest => ({ subject: 'method', values: [exact(value)], notValues: [] });
const namespace = (value: string): RequestTest => ({
  subject: 'namespace',
  values: [exact(value)],
  notValues: [],
});
const EVERYTHING = [{}];

const decide = (policies: readonly RequestPolicy[], attributes: RequestAttributes, authorized = false) =>
  decideL7({ policies, attributes, authorized });

test('without policies everything is allowed', async (t) => {
  const { verdict, reason } = decide([], requestOf());
  t.equal(verdict, 'allow');
  t.match(reason.sentence, /no ALLOW policy applies/);
});

test('CUSTOM comes before DENY, and DENY before ALLOW', async (t) => {
  const policies = [
    policyOf('allow', 'allow', EVERYTHING),
    policyOf('deny', 'deny', EVERYTHING),
    policyOf('ask', { kind: 'custom', provider: 'opa' }, EVERYTHING),
  ];
  const first = decide(policies, requestOf());
  t.equal(first.verdict, 'custom-needed');
  t.same(first.authorizers, [{ provider: 'opa', policy: 'shop/ask', rule: 0 }]);
  t.match(first.reason.sentence, /^shop\/ask \(rule 1\) asks opa: spiffe:/);
  t.match(decide(policies, requestOf(), true), { verdict: 'deny', reason: { policy: 'shop/deny', rule: 0 } });
});

test('each authorizer is asked once, whoever wants it', async (t) => {
  const policies = [
    policyOf('a', { kind: 'custom', provider: 'opa' }, EVERYTHING),
    policyOf('b', { kind: 'custom', provider: 'opa' }, EVERYTHING),
    policyOf('c', { kind: 'custom', provider: 'other' }, [{ to: [[method('POST')]] }]),
    policyOf('d', { kind: 'custom', provider: 'third' }, EVERYTHING),
  ];
  t.same(
    decide(policies, requestOf()).authorizers.map(({ provider }) => provider),
    ['opa', 'third'],
  );
});

test('a policy without rules matches nobody, and a rule without parts everybody', async (t) => {
  t.equal(decide([policyOf('none', 'allow', [])], requestOf()).verdict, 'deny');
  t.equal(decide([policyOf('none', 'deny', [])], requestOf()).verdict, 'allow');
  t.equal(decide([policyOf('all', 'allow', EVERYTHING)], requestOf()).verdict, 'allow');
  t.equal(decide([policyOf('all', 'deny', EVERYTHING)], requestOf()).verdict, 'deny');
});

test('a denial says by which policy, which rule and which part of it', async (t) => {
  const policies = [
    policyOf('guard', 'deny', [
      { to: [[method('PUT')]] },
      { from: [[namespace('a')], [namespace('web')]], to: [[method('DELETE')], [method('GET')]] },
    ]),
  ];
  const { reason } = decide(policies, requestOf({ target: '/x?token=secret' }));
  t.match(reason, { policy: 'shop/guard', rule: 1, source: 1, operation: 1 });
  t.match(reason.sentence, /explicitly denied by shop\/guard \(rule 2, from 2, to 2\)/);
  t.match(
    reason.sentence,
    /spiffe:\/\/cluster.local\/ns\/web\/sa\/front from 10\.0\.0\.1: GET cart\.shop\/x on port 80/,
  );
  t.notMatch(reason.sentence, /secret/, 'a query may hold what no log should');
});

test('a policy that was not understood is not said to have a rule that nobody wrote', async (t) => {
  const broken = {
    ...policyOf('broken', 'deny', EVERYTHING),
    notUnderstood: `${'spec.x: unknown, '.repeat(40)}`,
  };
  const { verdict, reason } = decide([broken], requestOf());
  t.equal(verdict, 'deny');
  t.match(reason, { policy: 'shop/broken', rule: undefined });
  t.match(
    reason.sentence,
    /^refused by shop\/broken, which was not understood \(spec\.x: unknown, [^)]*…\) and so refuses all that it is attached to: spiffe:/,
  );
  t.ok(reason.sentence.length < 600, 'a line of a log, however much is wrong with it');
});

test('where nothing allows, the rule that was nearest is named with what of it failed', async (t) => {
  const policies = [
    policyOf('far', 'allow', [{ from: [[namespace('a')]], to: [[method('PUT')]] }]),
    policyOf('near', 'allow', [
      { from: [[namespace('a')]] },
      { from: [[namespace('web')]], to: [[method('PUT')]] },
    ]),
  ];
  const { verdict, reason } = decide(policies, requestOf());
  t.equal(verdict, 'deny');
  t.equal(reason.policy, undefined);
  t.match(
    reason.sentence,
    /none allowed: shop\/far, shop\/near: .*; nearest was shop\/near rule 1, without from\[0\] namespace$/,
  );
});

test('what a client wrote cannot break a line of the log', async (t) => {
  const { reason } = decide(
    [policyOf('all', 'deny', EVERYTHING)],
    requestOf({ method: 'GET\nX', authority: 'a\r\nb', target: `/${'x'.repeat(1_000)}` }),
  );
  t.notMatch(reason.sentence, /[\r\n]/);
  t.ok(reason.sentence.length < 700);
});

test('AUDIT policies note and decide nothing', async (t) => {
  const policies = [
    policyOf('note', 'audit', [{ to: [[method('PUT')]] }, {}]),
    policyOf('other', 'audit', []),
  ];
  const decision = decide(policies, requestOf());
  t.equal(decision.verdict, 'allow');
  t.same(decision.audits, [{ policy: 'shop/note', rule: 1 }]);
  t.same(decide(policies, requestOf(), true).audits, [], 'once for each request');
});

test('a policy that is tried out tells what it would do', async (t) => {
  const policies = [policyOf('try', 'deny', EVERYTHING, true), policyOf('open', 'allow', EVERYTHING)];
  const { verdict, dryRun } = decide(policies, requestOf());
  t.equal(verdict, 'allow');
  t.match(dryRun, [
    { policy: 'shop/try', action: 'deny', matched: true, rule: 0, verdict: 'deny', differs: true },
  ]);
  t.match(dryRun[0]?.sentence, /^dry run of shop\/try would deny what is now allowed: explicitly denied/);
});

test('a header fits as a whole; of several lines all must fit to let through, and one is enough to stop', async (t) => {
  const role = (values: readonly StringMatch[], notValues: readonly StringMatch[] = []) => [
    { when: [{ subject: 'header' as const, name: 'x-role', values, notValues }] },
  ];
  const of = (value: string | readonly string[] | undefined) =>
    requestOf(value === undefined ? {} : { headers: { 'x-role': value } });
  const allow = [policyOf('p', 'allow', role([exact('admin')]))];
  t.equal(decide(allow, of('admin')).verdict, 'allow');
  t.equal(decide(allow, of(['admin', 'x'])).verdict, 'deny');
  t.equal(decide(allow, of(undefined)).verdict, 'deny');
  const deny = [policyOf('p', 'deny', role([exact('guest')]))];
  t.equal(decide(deny, of(['x', 'guest'])).verdict, 'deny');
  t.equal(decide(deny, of('guest2')).verdict, 'allow');
  t.equal(decide([policyOf('p', 'deny', role([], [ANY]))], of(undefined)).verdict, 'deny', 'who has none');
  t.equal(decide([policyOf('p', 'allow', role([ANY]))], of('')).verdict, 'allow', 'an empty one is one');
});

test('a host is compared without case and without its port, and its last dot does not get past', async (t) => {
  const host = (value: string) => [
    { to: [[{ subject: 'host' as const, values: [exact(value)], notValues: [] }]] },
  ];
  const allow = [policyOf('p', 'allow', host('Shop.example'))];
  for (const authority of ['shop.example', 'SHOP.EXAMPLE:8080'])
    t.equal(decide(allow, requestOf({ authority })).verdict, 'allow', authority);
  for (const authority of ['shop.example.', 'xshop.example', 'shop.example:80:80'])
    t.equal(decide(allow, requestOf({ authority })).verdict, 'deny', authority);
  const deny = [policyOf('p', 'deny', host('shop.example'))];
  for (const authority of ['shop.example', 'Shop.Example:1', 'shop.example.', 'shop.example.:80'])
    t.equal(decide(deny, requestOf({ authority })).verdict, 'deny', authority);
  t.equal(decide([policyOf('p', 'allow', host('a:80'))], requestOf({ authority: 'a:80' })).verdict, 'allow');
  t.equal(
    decide([policyOf('p', 'allow', host('[::1]'))], requestOf({ authority: '[::1]:80' })).verdict,
    'allow',
  );
});

test('a method that some servers take for another does not get past', async (t) => {
  const but = (value: string): RequestTest => ({ subject: 'method', values: [], notValues: [exact(value)] });
  const verdict = (action: 'allow' | 'deny', tested: RequestTest, sent: string) =>
    decide([policyOf('p', action, [{ to: [[tested]] }])], requestOf({ method: sent })).verdict;
  t.equal(verdict('deny', method('DELETE'), 'delete'), 'deny');
  t.equal(verdict('deny', but('GET'), 'get'), 'deny');
  t.equal(verdict('deny', but('GET'), 'GET'), 'allow');
  t.equal(verdict('allow', method('GET'), 'get'), 'deny');
  t.equal(verdict('allow', but('DELETE'), 'Delete'), 'deny');
  t.equal(verdict('allow', but('DELETE'), 'GET'), 'allow');
});

test('what lets through must all be in one token, and nothing forbidden in any', async (t) => {
  const principal = { issuer: exact('a'), subject: ANY };
  const admin: RequestTest = { subject: 'claim', path: ['role'], values: [exact('admin')], notValues: [] };
  const fromA: RequestTest = { subject: 'request-principal', values: [principal], notValues: [] };
  const rule = [{ from: [[fromA]], when: [admin] }];
  const tokens = (...claims: Readonly<Record<string, unknown>>[]) =>
    requestOf({ tokens: claims.map((held) => ({ claims: held })) });
  const allow = [policyOf('p', 'allow', rule)];
  t.equal(decide(allow, tokens({ iss: 'a', sub: 's', role: 'admin' })).verdict, 'allow');
  t.equal(
    decide(allow, tokens({ iss: 'b', sub: 's' }, { iss: 'a', sub: 's', role: ['admin'] })).verdict,
    'allow',
  );
  t.equal(
    decide(allow, tokens({ iss: 'a', sub: 's' }, { iss: 'b', sub: 's', role: 'admin' })).verdict,
    'deny',
  );
  t.equal(decide(allow, tokens()).verdict, 'deny');
  const deny = [policyOf('p', 'deny', rule)];
  t.equal(
    decide(deny, tokens({ iss: 'a', sub: 's' }, { iss: 'b', sub: 's', role: 'admin' })).verdict,
    'deny',
  );
  const not: RequestTest = { subject: 'request-principal', values: [], notValues: [principal] };
  t.equal(
    decide(
      [policyOf('p', 'allow', [{ from: [[not]] }])],
      tokens({ iss: 'b', sub: 's' }, { iss: 'a', sub: 's' }),
    ).verdict,
    'deny',
  );
});

test('issuer and subject are not one text', async (t) => {
  const test: RequestTest = {
    subject: 'request-principal',
    values: [{ issuer: exact('https://a'), subject: exact('b/c') }],
    notValues: [],
  };
  const policies = [policyOf('p', 'allow', [{ from: [[test]] }])];
  const of = (iss: unknown, sub: unknown) => requestOf({ tokens: [{ claims: { iss, sub } }] });
  t.equal(decide(policies, of('https://a', 'b/c')).verdict, 'allow');
  t.equal(decide(policies, of('https://a/b', 'c')).verdict, 'deny');
  t.equal(decide(policies, of('https://a', undefined)).verdict, 'deny');
});

test('on a plain connection HTTP parts keep an ALLOW from holding, and are as if not there for DENY', async (t) => {
  const rule = [{ from: [[namespace('web')]], to: [[method('GET')]] }];
  t.equal(decide([policyOf('p', 'allow', rule)], connectionOf()).verdict, 'deny');
  t.equal(decide([policyOf('p', 'deny', rule)], connectionOf()).verdict, 'deny');
  t.equal(decide([policyOf('p', 'deny', rule)], connectionOf('other/x')).verdict, 'allow');
  const { reason } = decide([policyOf('p', 'deny', rule)], connectionOf());
  t.match(reason.sentence, /from 10\.0\.0\.1 to port 80$/);
});

test('nobody is none of those named', async (t) => {
  const attributes = { ...requestOf(), source: undefined };
  const not: RequestTest = { subject: 'principal', values: [], notValues: [exact('x')] };
  t.equal(decide([policyOf('p', 'allow', [{ from: [[not]] }])], attributes).verdict, 'allow');
  t.equal(decide([policyOf('p', 'allow', [{ from: [[namespace('web')]] }])], attributes).verdict, 'deny');
  const { reason } = decide([policyOf('p', 'deny', EVERYTHING)], attributes);
  t.match(reason.sentence, /no identity from/);
});
