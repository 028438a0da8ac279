import fc from 'fast-check';
import { test } from 'tap';
import {
  type PathPattern,
  parseCidr,
  parseIpAddress,
  policyKey,
  type RequestAction,
  type RequestPolicy,
  type RequestTest,
  type StringMatch,
  type Wildcard,
  workloadIdentity,
} from '../../src/model/index.ts';
import { appraiseL7, decideL7, type HttpAttributes, type RequestAttributes } from '../../src/policy/index.ts';
import { naiveRequestVerdict } from './naive-request-evaluator.ts';

const word = fc.constantFrom('a', 'ab', 'b', 'ba');
const address = fc.constantFrom('10.0.0.1', '10.0.0.2', '10.128.0.1', 'fd00::1').map(parseIpAddress);
const range = fc.constantFrom('10.0.0.1', '10.0.0.0/31', '10.0.0.0/9', '::/0').map(parseCidr);
const stringMatch: fc.Arbitrary<StringMatch> = fc.oneof(
  fc.record({ kind: fc.constantFrom('exact' as const, 'prefix' as const, 'suffix' as const), value: word }),
  fc.constant<StringMatch>({ kind: 'presence' }),
);
const wildcard = fc.constantFrom('a*b', '*a*', 'b*a').map((value): Wildcard => ({ kind: 'wildcard', value }));
const plainPath = fc.array(word, { maxLength: 3 }).map((parts) => `/${parts.join('/')}`);
const pathPattern: fc.Arbitrary<PathPattern> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('exact' as const, 'prefix' as const, 'suffix' as const),
    value: plainPath,
  }),
  fc.constantFrom('/{*}', '/{*}/a', '/a/{**}', '/{**}/b', '/{*}/{**}').map((value) => ({
    kind: 'template' as const,
    value,
  })),
  fc.constant<PathPattern>({ kind: 'presence' }),
);

const lists = <T>(value: fc.Arbitrary<T>) =>
  fc
    .record({ values: fc.array(value, { maxLength: 2 }), notValues: fc.array(value, { maxLength: 1 }) })
    .filter(({ values, notValues }) => values.length + notValues.length > 0);

const requestTest: fc.Arbitrary<RequestTest> = fc.oneof(
  fc
    .tuple(fc.constantFrom('principal' as const, 'sni' as const), lists(stringMatch))
    .map(([subject, both]) => ({ subject, ...both })),
  lists(stringMatch).map((both) => ({ subject: 'host' as const, ...both })),
  lists(stringMatch).map((both) => ({ subject: 'method' as const, ...both })),
  fc
    .tuple(
      fc.constantFrom('namespace' as const, 'trust-domain' as const),
      lists(fc.oneof(stringMatch, wildcard)),
    )
    .map(([subject, both]) => ({ subject, ...both })),
  lists(fc.record({ namespace: word, serviceAccount: word })).map((both) => ({
    subject: 'service-account' as const,
    ...both,
  })),
  fc
    .tuple(
      fc.constantFrom('source-ip' as const, 'remote-ip' as const, 'destination-ip' as const),
      lists(range),
    )
    .map(([subject, both]) => ({ subject, ...both })),
  lists(fc.constantFrom(80, 81)).map((both) => ({ subject: 'port' as const, ...both })),
  lists(pathPattern).map((both) => ({ subject: 'path' as const, ...both })),
  lists(fc.record({ issuer: stringMatch, subject: stringMatch })).map((both) => ({
    subject: 'request-principal' as const,
    ...both,
  })),
  fc
    .tuple(fc.constantFrom('header' as const, 'header-element' as const), word, lists(stringMatch))
    .map(([subject, name, both]) => ({ subject, name, ...both })),
  fc
    .tuple(fc.constantFrom(['aud'], ['c'], ['n', 'c']), lists(stringMatch))
    .map(([path, both]) => ({ subject: 'claim' as const, path, ...both })),
);

const action: fc.Arbitrary<RequestAction> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom<RequestAction>({ kind: 'allow' }, { kind: 'deny' }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<RequestAction>({ kind: 'audit' }, { kind: 'custom', provider: 'p' }),
  },
);
const few = <T>(value: fc.Arbitrary<T>) => fc.array(value, { maxLength: 2 });

const policies: fc.Arbitrary<readonly RequestPolicy[]> = fc
  .array(
    fc.record({
      action,
      dryRun: fc.oneof(
        { weight: 4, arbitrary: fc.constant(false) },
        { weight: 1, arbitrary: fc.constant(true) },
      ),
      rules: few(
        fc.record({ from: few(few(requestTest)), to: few(few(requestTest)), when: few(requestTest) }),
      ),
    }),
    { maxLength: 4 },
  )
  .map((drafts) =>
    drafts.map((draft, index) => ({
      ...draft,
      key: policyKey('ns', `p${index}`),
      namespace: 'ns',
      name: `p${index}`,
      attachments: [],
    })),
  );

const claims = fc.record(
  {
    iss: word,
    sub: word,
    aud: fc.oneof(word, fc.array(word, { maxLength: 2 })),
    c: fc.oneof(word, fc.array(fc.oneof(word, fc.constant(1)), { maxLength: 2 }), fc.constant(7)),
    n: fc.oneof(fc.record({ c: word }), word),
  },
  { requiredKeys: [] },
);

function http(parts: {
  readonly target: fc.Arbitrary<string>;
  readonly authority: fc.Arbitrary<string>;
  readonly lines: number;
  readonly tokens: number;
}): fc.Arbitrary<HttpAttributes> {
  return fc
    .record({
      method: word,
      authority: parts.authority,
      target: parts.target,
      headers: fc.dictionary(word, fc.array(word, { minLength: 1, maxLength: parts.lines })),
      tokens: fc.array(claims, { maxLength: parts.tokens }),
    })
    .map(({ headers, tokens, ...rest }) => ({
      ...rest,
      header: (name) => (Object.hasOwn(headers, name) ? (headers[name] ?? []) : []),
      tokens: tokens.map((held) => ({ claims: held })),
    }));
}

function attributesWith(arbitrary: fc.Arbitrary<HttpAttributes>): fc.Arbitrary<RequestAttributes> {
  return fc.record({
    source: fc.option(
      fc.record({ trustDomain: word, namespace: word, serviceAccount: word }).map(workloadIdentity),
      { nil: undefined },
    ),
    sourceAddress: address,
    remoteAddress: address,
    destinationAddress: address,
    destinationPort: fc.constantFrom(80, 81),
    sni: fc.oneof(word, fc.constant('')),
    http: fc.option(arbitrary, { nil: undefined }),
  });
}

const plainRequests = attributesWith(http({ target: plainPath, authority: word, lines: 1, tokens: 1 }));
const piece = fc.constantFrom(
  '/',
  '/a',
  '/b',
  '//',
  '/.',
  '/..',
  '\\',
  ';x',
  '%2f',
  '%2F',
  '%2e',
  '%61',
  '%252e',
  '?q=/b',
  'A',
  '%c0%af',
  '%3f',
);
const wildRequests = attributesWith(
  http({
    target: fc.array(piece, { maxLength: 6 }).map((parts) => `/${parts.join('')}`),
    authority: fc.constantFrom('a', 'A', 'a:80', 'ab.', 'B:'),
    lines: 2,
    tokens: 2,
  }),
);

test('a request that can be read in one way only is decided as the plain reading of the rules has it', async (t) => {
  fc.assert(
    fc.property(policies, plainRequests, (all, attributes) => {
      const decision = decideL7({ policies: all, attributes });
      const expected = naiveRequestVerdict(all, attributes);
      return decision.verdict === expected && decision.reason.sentence.length > 0;
    }),
    { numRuns: 10_000 },
  );
  t.pass('held for every set of policies tried');
});

test('no spelling of a request gets through that the plain reading would have stopped', async (t) => {
  fc.assert(
    fc.property(policies, wildRequests, (all, attributes) => {
      const { verdict } = decideL7({ policies: all, attributes });
      return verdict !== 'allow' || naiveRequestVerdict(all, attributes) === 'allow';
    }),
    { numRuns: 10_000 },
  );
  t.pass('held for every set of policies tried');
});

test('a dry-run outcome is the verdict that enforcing the policy gives', async (t) => {
  fc.assert(
    fc.property(policies, wildRequests, (all, attributes) => {
      const { dryRun } = decideL7({ policies: all, attributes, authorized: true });
      return dryRun.every((outcome) => {
        const enforced = all.map((policy) =>
          policy.key === outcome.policy ? { ...policy, dryRun: false } : policy,
        );
        const { verdict } = decideL7({ policies: enforced, attributes, authorized: true });
        return outcome.verdict === verdict && outcome.sentence.length > 0;
      });
    }),
    { numRuns: 5_000 },
  );
  t.pass('held for every set of policies tried');
});

test('what is explained as the decider decides alone in the same way', async (t) => {
  fc.assert(
    fc.property(policies, wildRequests, (all, attributes) => {
      const { verdict, reason } = decideL7({ policies: all, attributes });
      if (reason.policy === undefined || reason.rule === undefined) return true;
      const decider = all.find(({ key }) => key === reason.policy);
      const rule = decider?.rules[reason.rule];
      if (decider === undefined || rule === undefined) return false;
      return decideL7({ policies: [{ ...decider, rules: [rule] }], attributes }).verdict === verdict;
    }),
    { numRuns: 5_000 },
  );
  t.pass('held for every set of policies tried');
});

test('a rule is short of nothing exactly when it holds, however a request can be read', async (t) => {
  fc.assert(
    fc.property(policies, wildRequests, (all, given) =>
      all.every((policy) =>
        appraiseL7(policy, given).every(({ rule, unmet }) => {
          const only = { ...policy, rules: policy.rules.filter((_, index) => index === rule), dryRun: false };
          // Doubt is decided one way for what lets through, and the other way for the rest.
          const isAllow = policy.action.kind === 'allow';
          const alone = { ...only, action: { kind: isAllow ? ('allow' as const) : ('deny' as const) } };
          const { verdict } = decideL7({ policies: [alone], attributes: given });
          const holds = verdict === (isAllow ? 'allow' : 'deny');
          return holds === (unmet.length === 0) && unmet.every(({ subject }) => subject !== '');
        }),
      ),
    ),
    { numRuns: 3000 },
  );
  t.pass('held for every set of policies tried');
});
