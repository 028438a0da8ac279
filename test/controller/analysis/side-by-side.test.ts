import { test } from 'tap';
import { analyze, readAnalysedManifest } from '../../../src/controller/index.ts';
import { CART, codesIn, policy, SETTINGS, SHOP, yaml } from './support.ts';

const MODE = 'istio.io/dataplane-mode';
const OWN_MODE = 'nodemesh.io/dataplane-mode';
const BESIDE = { ...SETTINGS, sideBySide: true };

/** What is said of the Deployment side by side: `NM0062 nobody is to …`. */
function saidOf(text: string, settings: Partial<typeof BESIDE> = {}): readonly string[] {
  const { objects } = readAnalysedManifest('file.yaml', text);
  return analyze(objects, { settings: { ...BESIDE, ...settings } })
    .filter(({ definition }) => /NM006[2-5]/.test(definition.code))
    .map(({ definition, text: said }) => `${definition.code} ${said}`);
}

function namespace(labels: string, name = 'shop'): string {
  return `{apiVersion: v1, kind: Namespace, metadata: {name: ${name}, labels: {${labels}}}}`;
}

/** The Deployment, with labels and annotations of its pods. */
function cart(labels: string, more = ''): string {
  return CART.replace('{labels: {app: cart}}', `{labels: {app: cart, ${labels}}${more}}`);
}

const CASES: readonly (readonly [what: string, text: string, said: RegExp])[] = [
  [
    'Istio’s label',
    yaml(SHOP, CART),
    /^NM0062 Istio is to capture it \(label istio.*ambient of namespace shop\)/,
  ],
  [
    'ours',
    yaml(namespace(`${OWN_MODE}: ambient`), CART),
    /^NM0062 nodemesh is to capture it \(label nodemesh/,
  ],
  [
    'ours, on the pods',
    yaml(namespace(''), cart(`${OWN_MODE}: ambient`)),
    /^NM0062 nodemesh is to capture it \(its label/,
  ],
  ['neither', yaml(namespace(''), CART), /^NM0062 nobody is to capture it: no label/],
  [
    'both',
    yaml(namespace(`${MODE}: ambient, ${OWN_MODE}: ambient`), CART),
    /^NM0063 this mesh is to capture it \(label nodemesh.*\) and refuses, for as long as Istio is to capture it/,
  ],
  [
    'both, and the pods say no to Istio',
    yaml(namespace(`${MODE}: ambient, ${OWN_MODE}: ambient`), cart(`${MODE}: none`)),
    /^NM0062 nodemesh is to capture it/,
  ],
  [
    'Istio has them still',
    yaml(
      namespace(`${MODE}: none, ${OWN_MODE}: ambient`),
      cart('', ', annotations: {ambient.istio.io/redirection: enabled}'),
    ),
    /^NM0063 .*Istio has captured it/,
  ],
  [
    'a sidecar',
    yaml(namespace(`istio-injection: enabled, ${OWN_MODE}: ambient`), CART),
    /^NM0063 .*a sidecar of Istio/,
  ],
  [
    'on the host’s network',
    yaml(SHOP, CART.replace('      serviceAccountName', '      hostNetwork: true\n      serviceAccountName')),
    /^NM0062 nobody .*host's network/,
  ],
  ['a namespace elsewhere', CART, /^NM0062 who is to capture it depends on the labels of namespace shop/],
  [
    'a namespace elsewhere, and all said on the pods',
    cart(`${OWN_MODE}: ambient, ${MODE}: none`),
    /^NM0062 nodemesh is to capture it/,
  ],
];

test('side by side with Istio it is said of each workload whose it is, or why this mesh refuses it', async (t) => {
  for (const [what, text, said] of CASES) {
    const found = saidOf(text);
    t.equal(found.length, 1, what);
    t.match(found[0], said, what);
  }
  t.same(
    [...codesIn(yaml(SHOP, CART))].filter((code) => /NM006[2-5]/.test(code)),
    [],
    'alone nothing of it',
  );
});

test('in a running mesh pods are told of, and not what they were made from', async (t) => {
  const pod = `{apiVersion: v1, kind: Pod, metadata: {name: cart-1, namespace: shop}, spec: {containers: []}}`;
  t.same(saidOf(yaml(SHOP, CART, pod), { complete: true }).length, 1);
});

test('what one mesh keeps from the other’s pods is told, and less of it where roots are shared', async (t) => {
  const strict = policy('{mtls: {mode: STRICT}}', { kind: 'PeerAuthentication' });
  const till = CART.replaceAll('shop', 'till');
  const ours = [namespace(`${OWN_MODE}: ambient`, 'till'), till] as const;
  const theirs = [SHOP, CART] as const;
  const toIstio = saidOf(yaml(...theirs, ...ours, strict)).filter((one) => one.startsWith('NM0064'));
  t.same(toIstio, [
    'NM0064 STRICT refuses plaintext to workloads that Istio has, and so 1 workloads that nodemesh has (in till) cannot connect',
  ]);
  const shared = saidOf(yaml(...theirs, ...ours, strict), { sharedRoots: true });
  t.same(
    shared.filter((one) => one.startsWith('NM0064')),
    [],
    'there it is HBONE',
  );
  const root = strict.replace('namespace: shop', 'namespace: istio-system');
  t.equal(saidOf(yaml(...theirs, ...ours, root)).filter((one) => one.startsWith('NM0064')).length, 2);
  t.match(
    saidOf(yaml(...theirs, ...ours, root), { sharedRoots: true }).filter((one) => one.startsWith('NM0064')),
    [/workloads that nodemesh has, and so 1 workloads that Istio has \(in shop\)/],
    'Istio speaks plaintext to us either way',
  );
});

test('what Istio has is not said to be in no mesh', async (t) => {
  const rules = policy('{selector: {matchLabels: {app: cart}}, rules: [{}]}');
  t.ok(codesIn(yaml(namespace(''), CART, rules), BESIDE).has('NM0016'));
  t.notOk(codesIn(yaml(SHOP, CART, rules), BESIDE).has('NM0016'), 'Istio enforces it');
});
