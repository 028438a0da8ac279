import { test } from 'tap';
import {
  type RequestPolicyContext,
  translateRequestPolicy,
} from '../../../src/controller/translate/index.ts';
import type { RequestTest } from '../../../src/model/index.ts';
import { objectOf } from '../support/settings.ts';

const CONTEXT: RequestPolicyContext = {
  trustDomains: ['cluster.local'],
  isProvider: (name) => name === 'opa',
  attachments: [],
};

function translate(spec: unknown, context: Partial<RequestPolicyContext> = {}) {
  const object = objectOf('AuthorizationPolicy', {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'p', namespace: 'shop' },
    spec,
  });
  return translateRequestPolicy(object, { ...CONTEXT, ...context });
}

/** The tests of the only source, operation or condition. */
function testsOf(
  part: 'from' | 'to' | 'when',
  content: unknown,
  context: Partial<RequestPolicyContext> = {},
) {
  const wrapped = part === 'from' ? { source: content } : part === 'to' ? { operation: content } : content;
  const { policy, problems, unreadable } = translate({ rules: [{ [part]: [wrapped] }] }, context);
  if (problems.length > 0) throw new Error(problems.join('; '));
  const [rule] = policy.rules;
  const tests = part === 'when' ? rule?.when : rule?.[part][0];
  return { tests, unreadable };
}

const textOf = (match: unknown) => (match as { readonly value?: string }).value;
const values = (test: RequestTest | undefined) => test?.values;

test('a text with a star means what it means everywhere in Istio', async (t) => {
  const { tests } = testsOf('to', { methods: ['GET', 'P*', '*T', '*'], notMethods: ['PUT'] });
  t.same(tests, [
    {
      subject: 'method',
      values: [
        { kind: 'exact', value: 'GET' },
        { kind: 'prefix', value: 'P' },
        { kind: 'suffix', value: 'T' },
        { kind: 'presence' },
      ],
      notValues: [{ kind: 'exact', value: 'PUT' }],
    },
  ]);
});

test('a namespace may have stars anywhere, and a principal has them literally', async (t) => {
  t.same(values(testsOf('from', { namespaces: ['a*b', 'a*'] }).tests?.[0]), [
    { kind: 'wildcard', value: 'a*b' },
    { kind: 'prefix', value: 'a' },
  ]);
  t.same(values(testsOf('from', { principals: ['td/ns/*/sa/x'] }).tests?.[0]), [
    { kind: 'exact', value: 'td/ns/*/sa/x' },
  ]);
});

test('paths are texts or templates, and nothing in between', async (t) => {
  t.same(values(testsOf('to', { paths: ['/a', '/a/{*}/b', '/{**}'] }).tests?.[0]), [
    { kind: 'exact', value: '/a' },
    { kind: 'template', value: '/a/{*}/b' },
    { kind: 'template', value: '/{**}' },
  ]);
  for (const path of ['/{x}', '/a{*}', '/{**}/{*}', '/{*}/a*', '{*}', '/{*}/ b'])
    t.same(testsOf('to', { paths: [path] }).unreadable, [path], path);
});

test('a request principal is an issuer and a subject', async (t) => {
  const any = { kind: 'presence' };
  const cases: readonly (readonly [string, unknown, unknown])[] = [
    ['*', any, any],
    ['iss/sub', { kind: 'exact', value: 'iss' }, { kind: 'exact', value: 'sub' }],
    ['https://a.b/c/sub', { kind: 'exact', value: 'https://a.b/c' }, { kind: 'exact', value: 'sub' }],
    ['iss/*', { kind: 'exact', value: 'iss' }, any],
    ['iss/su*', { kind: 'exact', value: 'iss' }, { kind: 'prefix', value: 'su' }],
    ['is*', { kind: 'prefix', value: 'is' }, any],
    ['*/sub', any, { kind: 'exact', value: 'sub' }],
    ['*ss/sub', { kind: 'suffix', value: 'ss' }, { kind: 'exact', value: 'sub' }],
    ['*ub', any, { kind: 'suffix', value: 'ub' }],
    ['iss', { kind: 'exact', value: 'iss' }, { kind: 'exact', value: '' }],
  ];
  for (const [text, issuer, subject] of cases)
    t.same(values(testsOf('from', { requestPrincipals: [text] }).tests?.[0]), [{ issuer, subject }], text);
});

test('principals of the mesh are those of all its trust domains', async (t) => {
  const trustDomains = ['td1', 'old-td', 'new-td'];
  const of = (principal: string) =>
    values(testsOf('from', { principals: [principal] }, { trustDomains }).tests?.[0])?.map(textOf);
  const rest = 'ns/a/sa/b';
  t.same(of(`td1/${rest}`), [`td1/${rest}`, `old-td/${rest}`, `new-td/${rest}`]);
  t.same(of(`old-td/${rest}`), [`td1/${rest}`, `old-td/${rest}`, `new-td/${rest}`]);
  t.same(of(`cluster.local/${rest}`), [`td1/${rest}`, `old-td/${rest}`, `new-td/${rest}`]);
  t.same(of(`*-td/${rest}`), [`td1/${rest}`, `-td/${rest}`]);
  t.same(of(`other/${rest}`), [`other/${rest}`]);
  t.same(of(`*/${rest}`), [`/${rest}`]);
  const domains = testsOf('from', { trustDomains: ['old-td', 'x'] }, { trustDomains }).tests?.[0];
  t.same(values(domains)?.map(textOf), [...trustDomains, 'x']);
});

const CONDITIONS: readonly (readonly [string, string, Readonly<Record<string, unknown>>])[] = [
  ['request.headers[X-Role]', 'a', { subject: 'header', name: 'x-role' }],
  ['request.headers[:method]', 'GET', { subject: 'header', name: ':method' }],
  ['request.experimental.inline.headers[X-Roles]', 'a', { subject: 'header-element', name: 'x-roles' }],
  ['source.ip', '10.0.0.0/8', { subject: 'source-ip' }],
  ['remote.ip', '10.0.0.1', { subject: 'remote-ip' }],
  ['destination.ip', '10.0.0.1', { subject: 'destination-ip' }],
  ['destination.port', '80', { subject: 'port' }],
  ['source.namespace', 'a', { subject: 'namespace' }],
  ['source.principal', 'a', { subject: 'principal' }],
  ['source.serviceAccount', 'a/b', { subject: 'service-account' }],
  ['source.trustDomain', 'a', { subject: 'trust-domain' }],
  ['connection.sni', 'a.example', { subject: 'sni' }],
  ['request.auth.principal', 'a/b', { subject: 'request-principal' }],
  ['request.auth.audiences', 'a', { subject: 'claim', path: ['aud'] }],
  ['request.auth.presenter', 'a', { subject: 'claim', path: ['azp'] }],
  ['request.auth.claims[iss]', 'a', { subject: 'claim', path: ['iss'] }],
  ['request.auth.claims[a][b.c]', 'a', { subject: 'claim', path: ['a', 'b.c'] }],
  ['request.auth.claims[a[b]]', 'a', { subject: 'claim', path: ['a[b]'] }],
];
for (const [key, value, expected] of CONDITIONS) {
  test(`the condition ${key} is understood`, async (t) => {
    const positive = testsOf('when', { key, values: [value] }).tests?.[0];
    t.match(positive, expected);
    t.equal(positive?.values.length, 1);
    t.equal(testsOf('when', { key, notValues: [value] }).tests?.[0]?.notValues.length, 1);
  });
}

const NOT_UNDERSTOOD: readonly (readonly [string, unknown, RegExp])[] = [
  [
    'an experimental condition',
    { rules: [{ when: [{ key: 'experimental.envoy.filters.a.b[c]', values: ['x'] }] }] },
    /spec\.rules\[0\]\.when\[0\]\.key: expected a key that is known here, got "experimental/,
  ],
  ['a condition of nobody', { rules: [{ when: [{ key: 'request.time', values: ['x'] }] }] }, /request\.time/],
  [
    'a header without a name',
    { rules: [{ when: [{ key: 'request.headers[]', values: ['x'] }] }] },
    /headers\[\]/,
  ],
  ['a path as a header', { rules: [{ when: [{ key: 'request.headers[:path]', values: ['/x'] }] }] }, /:path/],
  [
    'a condition without values',
    { rules: [{ when: [{ key: 'source.ip' }] }] },
    /expected values or notValues/,
  ],
  [
    'a source with nothing in it',
    { rules: [{ from: [{ source: {} }] }] },
    /from\[0\]\.source: expected at least one/,
  ],
  ['an operation with nothing in it', { rules: [{ to: [{}] }] }, /to\[0\]\.operation: expected at least one/],
  ['CUSTOM without a provider', { action: 'CUSTOM', rules: [{}] }, /spec\.provider: expected the name/],
  [
    'CUSTOM with a provider that nobody knows',
    { action: 'CUSTOM', provider: { name: 'x' }, rules: [{}] },
    /no external authorizer called "x"/,
  ],
];
for (const [what, spec, message] of NOT_UNDERSTOOD) {
  test(`a policy with ${what} denies everything instead`, async (t) => {
    const { policy, problems } = translate(spec);
    t.match(problems.join('; '), message);
    t.match(policy, { action: { kind: 'deny' }, rules: [{ from: [], to: [], when: [] }] });
    t.equal(policy.notUnderstood, problems.join('; '));
  });
}

test('a policy that only notes, and one that is only tried out, deny nobody when they are not understood', async (t) => {
  const rules = [{ when: [{ key: 'x', values: ['y'] }] }];
  t.match(translate({ action: 'AUDIT', rules }).policy, { action: { kind: 'audit' } });
  const object = objectOf('AuthorizationPolicy', {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'p', namespace: 'shop', annotations: { 'istio.io/dry-run': 'true' } },
    spec: { rules },
  });
  t.match(translateRequestPolicy(object, CONTEXT).policy, { dryRun: true });
});

test('a value that cannot be read makes ALLOW match nothing and the others everything', async (t) => {
  const rules = [{ from: [{ source: { ipBlocks: ['10.0.0.x', '10.0.0.1'], namespaces: ['a'] } }] }, {}];
  const allow = translate({ rules });
  t.same(allow.unreadable, ['10.0.0.x']);
  t.same(allow.policy.rules, [{ from: [], to: [], when: [] }], 'the other rule stays');
  const deny = translate({ action: 'DENY', rules });
  t.match(deny.policy.rules[0], { from: [[{ subject: 'namespace' }]] }, 'any address');
  const not = translate({ action: 'DENY', rules: [{ to: [{ operation: { notPorts: ['x', '80'] } }] }] });
  t.same(not.policy.rules[0]?.to, [[{ subject: 'port', values: [], notValues: [80] }]]);
  for (const account of ['a/b/c', '*/a', '/a', 'a/'])
    t.same(testsOf('from', { serviceAccounts: [account] }).unreadable, [account]);
});
