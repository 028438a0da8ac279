import { test } from 'tap';
import { translateAuthorizationPolicy } from '../../../src/controller/translate/index.ts';
import { CONFORMANCE_SETTINGS, objectOf } from '../support/settings.ts';

function translate(spec: unknown, annotations: Readonly<Record<string, string>> = {}, namespace = 'shop') {
  const policy = objectOf('AuthorizationPolicy', {
    apiVersion: 'security.istio.io/v1beta1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'p', namespace, annotations },
    spec,
  });
  return translateAuthorizationPolicy(policy, CONFORMANCE_SETTINGS);
}

test('scope follows namespace and selector; an empty selector is none', async (t) => {
  t.equal(translate({}).policy?.scope, 'namespace');
  t.equal(translate({ selector: {} }).policy?.scope, 'namespace');
  t.equal(translate({}, {}, 'istio-system').policy?.scope, 'global');
  t.equal(translate({ selector: { matchLabels: { app: 'x' } } }).policy?.scope, 'workload-selector');
});

test('no rules match nothing, an empty rule matches everything', async (t) => {
  t.same(translate({}).policy?.rules, []);
  t.same(translate({ rules: [{}] }).policy?.rules, [{ clauses: [] }]);
});

test('dry-run is read from the annotation, also from our twin', async (t) => {
  t.equal(translate({}).policy?.dryRun, false);
  t.equal(translate({}, { 'istio.io/dry-run': 'true' }).policy?.dryRun, true);
  t.equal(
    translate({}, { 'istio.io/dry-run': 'true', 'nodemesh.io/dry-run': 'false' }).policy?.dryRun,
    false,
  );
});

test('values that cannot be read never let more through', async (t) => {
  const from = (ipBlocks: string[], namespaces: string[] = []) => [{ source: { ipBlocks, namespaces } }];
  const allow = translate({ rules: [{ from: from(['garbage'], ['shop']) }] });
  t.same(allow.policy?.rules, [], 'the rule would otherwise allow the whole namespace');
  t.match(allow.warning, { reason: 'Invalid', message: /garbage/ });
  const mixed = translate({ rules: [{ from: [...from(['garbage']), ...from(['10.0.0.1'])] }] });
  t.equal(mixed.policy?.rules[0]?.clauses[0]?.matches.length, 1, 'the readable source is allowed');
  const deny = translate({ action: 'DENY', rules: [{ from: from(['garbage'], ['shop']) }] });
  t.same(deny.policy?.rules, [{ clauses: [{ matches: [] }] }], 'everything is denied');
  const typo = translate({ action: 'DENY', rules: [{ when: [{ key: 'source.nmespace', values: ['x'] }] }] });
  t.same(typo.policy?.rules, [{ clauses: [{ matches: [] }] }]);
});

test('an HTTP part drops an ALLOW rule and leaves the L4 part of a DENY rule', async (t) => {
  const to = [{ operation: { ports: ['80'], methods: ['GET'] } }];
  const allow = translate({ rules: [{ to }] });
  t.same(allow.policy?.rules, []);
  t.match(allow.warning, { reason: 'UnsupportedValue', message: /methods/ });
  const deny = translate({ action: 'DENY', rules: [{ to }] });
  t.same(deny.policy?.rules[0]?.clauses[0]?.matches[0]?.destinationPorts, [80]);
  t.match(deny.warning?.message, /more than was asked/);
  const nothing = translate({ action: 'DENY', rules: [{ to: [{ operation: { methods: ['GET'] } }] }] });
  t.match(nothing.warning?.message, /denies anything/);
});

test('policies for waypoints are not for node proxies', async (t) => {
  const targetRefs = [{ kind: 'Service', name: 'cart' }];
  t.same(translate({ targetRefs }), { policy: undefined, selector: undefined, warning: undefined });
});

test('service accounts without a namespace are of the policy’s own', async (t) => {
  const { policy } = translate({ rules: [{ from: [{ source: { serviceAccounts: ['a', 'bank/b'] } }] }] });
  t.same(policy?.rules[0]?.clauses[0]?.matches[0]?.serviceAccounts, [
    { namespace: 'shop', serviceAccount: 'a' },
    { namespace: 'bank', serviceAccount: 'b' },
  ]);
});
