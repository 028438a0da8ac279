import { test } from 'tap';
import { OWN } from '../../../src/controller/analysis/index.ts';
import { OWN_CASES } from './own-cases.ts';
import { codesIn, findingsIn, policy, SHOP, yaml, CART } from './support.ts';

for (const { code, name } of Object.values(OWN)) {
  test(`${code} ${name} is said of what is wrong, and not of what is right`, async (t) => {
    const example = OWN_CASES[code];
    t.ok(example, 'there is a case');
    if (example === undefined) return;
    const { complete = false, sideBySide } = example;
    const settings = { complete, sideBySide };
    t.ok(
      codesIn(example.wrong, settings).has(code),
      `said of what is wrong: ${[...codesIn(example.wrong, settings)].join(' ')}`,
    );
    t.notOk(codesIn(example.right, settings).has(code), 'not said of what is right');
  });
}

test('findings name the line of the field', async (t) => {
  const text = yaml(
    SHOP,
    CART,
    policy('\n  action: ALLOW\n  rules:\n    - to: [{operation: {methods: [GET]}}]'),
  );
  t.same(findingsIn(text), [
    `NM0010 AuthorizationPolicy shop/rules:${text.split('\n').indexOf('  rules:') + 1}`,
  ]);
});

test('bad YAML is one finding, and the rest of the text is looked at', async (t) => {
  const text = yaml('kind: Pod\n  oh: [no', policy('{}'), 'apiVersion: v1\nkind: Pod\nmetadata: {}');
  const found = findingsIn(text);
  t.same(
    found.filter((one) => one.startsWith('NM0001')),
    ['NM0001 Manifest file.yaml:1', 'NM0001 Manifest file.yaml:10'],
  );
  t.ok(found.some((one) => one.startsWith('NM0018 AuthorizationPolicy shop/rules')));
});

test('an annotation or an option leaves findings out', async (t) => {
  const suppressed = policy('{}', {
    metadata: ', annotations: {galley.istio.io/analyze-suppress: "NM0018, IST0127"}',
  });
  t.same(findingsIn(suppressed), []);
  const all = policy('{}', { metadata: ', annotations: {galley.istio.io/analyze-suppress: "*"}' });
  t.same(findingsIn(all), []);
  t.same(findingsIn(policy('{}'), { suppress: ['NM0018=AuthorizationPolicy shop/rules', 'IST*=*'] }), []);
  t.same(
    findingsIn(policy('{}'), { suppress: ['NM0018=AuthorizationPolicy other/*', 'IST0127=*'] }).length,
    1,
  );
});

test('what is not in the files is taken to be elsewhere, and missed in a running mesh', async (t) => {
  const text = policy('{rules: [{from: [{source: {principals: [cluster.local/ns/far/sa/away]}}]}]}');
  t.notOk(codesIn(text).has('NM0014'));
  t.ok(codesIn(text, { complete: true }).has('NM0014'));
});
