import fc from 'fast-check';
import { test } from 'tap';
import {
  type AuthorizationPolicy,
  type Match,
  parseCidr,
  parseIpAddress,
  policyKey,
  workloadIdentity,
} from '../../src/model/index.ts';
import { appraiseL4, decideL4, type L4Attributes } from '../../src/policy/index.ts';
import { naiveVerdict } from './naive-evaluator.ts';

const namespaceName = fc.constantFrom('a', 'ab', 'b');
const account = fc.constantFrom('x', 'xy');
const trustDomain = fc.constantFrom('td', 'other');
const addressText = fc.constantFrom(
  '10.0.0.1',
  '10.0.0.2',
  '10.128.0.1',
  'fd00::1',
  'fd00::2',
  '::ffff:10.0.0.1',
);
const rangeText = fc.constantFrom(
  '10.0.0.1',
  '10.0.0.0/31',
  '10.0.0.0/9',
  '0.0.0.0/0',
  '::/0',
  'fd00::/127',
  'fd00::1',
);

const stringMatch = (values: fc.Arbitrary<string>): fc.Arbitrary<Match['namespaces'][number]> =>
  fc.oneof(
    fc.record({
      kind: fc.constantFrom('exact' as const, 'prefix' as const, 'suffix' as const),
      value: values,
    }),
    fc.constant({ kind: 'presence' as const }),
  );
/** Mostly empty, so that matches hold often enough to be interesting. */
const few = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(values, { maxLength: 2 }) },
  );

const principal = fc
  .tuple(trustDomain, namespaceName, account)
  .map(([td, ns, sa]) => `${td}/ns/${ns}/sa/${sa}`);
const serviceAccount = fc.record({ namespace: namespaceName, serviceAccount: account });
const cidr = rangeText.map(parseCidr);
const port = fc.constantFrom(80, 81);

const match: fc.Arbitrary<Match> = fc.record({
  namespaces: few(stringMatch(namespaceName)),
  notNamespaces: few(stringMatch(namespaceName)),
  principals: few(stringMatch(principal)),
  notPrincipals: few(stringMatch(principal)),
  serviceAccounts: few(serviceAccount),
  notServiceAccounts: few(serviceAccount),
  sourceIps: few(cidr),
  notSourceIps: few(cidr),
  destinationIps: few(cidr),
  notDestinationIps: few(cidr),
  destinationPorts: few(port),
  notDestinationPorts: few(port),
});

const rules = fc.array(
  fc.record({
    clauses: fc.array(fc.record({ matches: fc.array(match, { maxLength: 3 }) }), { maxLength: 3 }),
  }),
  { maxLength: 3 },
);

const policies: fc.Arbitrary<readonly AuthorizationPolicy[]> = fc
  .array(
    fc.record({ action: fc.constantFrom('allow' as const, 'deny' as const), rules, dryRun: fc.boolean() }),
    { maxLength: 4 },
  )
  .map((drafts) =>
    drafts.map((draft, index) => ({
      ...draft,
      key: policyKey('ns', `p${index}`),
      name: `p${index}`,
      namespace: 'ns',
      scope: 'namespace' as const,
    })),
  );

const attributes: fc.Arbitrary<L4Attributes> = fc.record({
  sourceAddress: addressText.map(parseIpAddress),
  destinationAddress: addressText.map(parseIpAddress),
  destinationPort: port,
  source: fc.option(
    fc.record({ trustDomain, namespace: namespaceName, serviceAccount: account }).map(workloadIdentity),
    { nil: undefined },
  ),
});

test('the compiled decision is the one that the plain reading of the rules gives', async (t) => {
  fc.assert(
    fc.property(policies, attributes, fc.boolean(), (all, given, incomplete) => {
      const missing = incomplete ? [policyKey('ns', 'missing')] : [];
      const decision = decideL4({ policies: all, missing, attributes: given });
      return decision.verdict === naiveVerdict(all, incomplete, given) && decision.reason.sentence.length > 0;
    }),
    { numRuns: 5000 },
  );
  t.pass('held for every set of policies tried');
});

test('a dry-run outcome is the verdict that enforcing the policy gives', async (t) => {
  fc.assert(
    fc.property(policies, attributes, (all, given) => {
      const { dryRun } = decideL4({ policies: all, missing: [], attributes: given });
      return dryRun.every((outcome) => {
        const enforced = all.map((policy) =>
          policy.key === outcome.policy ? { ...policy, dryRun: false } : policy,
        );
        return outcome.verdict === naiveVerdict(enforced, false, given) && outcome.sentence.length > 0;
      });
    }),
    { numRuns: 3000 },
  );
  t.pass('held for every set of policies tried');
});

test('what is explained as the decider decides alone in the same way', async (t) => {
  fc.assert(
    fc.property(policies, attributes, (all, given) => {
      const { verdict, reason } = decideL4({ policies: all, missing: [], attributes: given });
      if (reason.policy === undefined || reason.rule === undefined) return true;
      const decider = all.find((policy) => policy.key === reason.policy);
      const rule = decider?.rules[reason.rule];
      if (decider === undefined || rule === undefined) return false;
      const alone = { ...decider, rules: [rule] };
      return naiveVerdict([alone], false, given) === verdict;
    }),
    { numRuns: 3000 },
  );
  t.pass('held for every set of policies tried');
});

test('a rule is short of nothing exactly when it holds, and what it is short of is told', async (t) => {
  fc.assert(
    fc.property(policies, attributes, (all, given) =>
      all.every((policy) =>
        appraiseL4(policy, given).every(({ rule, unmet }) => {
          const alone = { ...policy, rules: policy.rules.filter((_, index) => index === rule) };
          const asAllow = { ...alone, action: 'allow' as const, dryRun: false };
          const holds = naiveVerdict([asAllow], false, given) === 'allow';
          return (
            holds === (unmet.length === 0) &&
            unmet.every(({ expected, got }) => expected !== '' && got !== '')
          );
        }),
      ),
    ),
    { numRuns: 3000 },
  );
  t.pass('held for every set of policies tried');
});
