import { test } from 'tap';
import { ask, namespace, object, policy, service, shop, worldOf } from './support/shop.ts';
import { createWorld } from '../../../src/cli/world/index.ts';
import { createColors } from 'picocolors';
import { explanationText } from '../../../src/cli/explain/render/explanation-text.ts';

const FROM_CART = policy('payments-from-cart', {
  selector: { matchLabels: { app: 'payments' } },
  rules: [{ from: [{ source: { principals: ['cluster.local/ns/shop/sa/cart'] } }] }],
});
const STRICT = object(
  'security.istio.io/v1',
  'PeerAuthentication',
  { name: 'default', namespace: 'shop' },
  { spec: { mtls: { mode: 'STRICT' } } },
);

test('without policies everybody in the mesh is let through, tunnelled', async (t) => {
  const explained = await ask(worldOf(), 'deploy/shopper', 'payments');
  t.equal(explained.verdict, 'allowed');
  t.equal(explained.destination, 'shop/payments:80');
  t.match(explained.hops[1]?.facts.at(-1)?.text, /^tunnel to shop\/payments-0, for .*:8080$/);
});

test('the policy that allows is named with its rule', async (t) => {
  const explained = await ask(worldOf(FROM_CART), 'deploy/cart', 'payments');
  t.equal(explained.verdict, 'allowed');
  t.match(explained.hops.at(-1)?.policies, [
    { policy: 'shop/payments-from-cart', action: 'ALLOW', effect: 'allowed', rule: 1, unmet: [] },
  ]);
});

test('who is not named is refused, with what was expected, what came, and the smallest change', async (t) => {
  const explained = await ask(worldOf(FROM_CART), 'deploy/shopper', 'payments');
  t.equal(explained.verdict, 'refused');
  t.match(explained.hops.at(-1)?.policies[0]?.unmet, [
    {
      subject: 'principal',
      expected: 'cluster.local/ns/shop/sa/cart',
      got: 'cluster.local/ns/shop/sa/shopper',
    },
  ]);
  t.equal(
    explained.fix,
    'in rule 1 of AuthorizationPolicy shop/payments-from-cart add "cluster.local/ns/shop/sa/shopper" to principals (clause 1)',
  );
  const after = policy('payments-from-cart', {
    selector: { matchLabels: { app: 'payments' } },
    rules: [
      {
        from: [
          { source: { principals: ['cluster.local/ns/shop/sa/cart', 'cluster.local/ns/shop/sa/shopper'] } },
        ],
      },
    ],
  });
  t.equal((await ask(worldOf(after), 'deploy/shopper', 'payments')).verdict, 'allowed');
});

test('a DENY that matches is named, and nothing else would help', async (t) => {
  const deny = policy('no-shoppers', {
    action: 'DENY',
    rules: [{ from: [{ source: { principals: ['*/sa/shopper'] } }] }],
  });
  const explained = await ask(worldOf(FROM_CART, deny), 'deploy/shopper', 'payments');
  t.equal(explained.verdict, 'refused');
  t.match(explained.because, /explicitly denied by shop\/no-shoppers/);
  t.match(
    explained.fix,
    /^take it out of rule 1 of AuthorizationPolicy shop\/no-shoppers .*; then in rule 1 of AuthorizationPolicy shop\/payments-from-cart add/,
  );
});

test('a policy without rules allows nothing, and the fix says so', async (t) => {
  const explained = await ask(worldOf(policy('nothing', {})), 'deploy/shopper', 'payments');
  t.equal(explained.verdict, 'refused');
  t.match(explained.fix, /add a rule to AuthorizationPolicy shop\/nothing/);
});

test('STRICT refuses whoever is not in the mesh, and names its PeerAuthentication', async (t) => {
  const world = worldOf(STRICT);
  for (const source of ['outside', 'deploy/edge/stranger', '192.0.2.7']) {
    const explained = await ask(world, source, 'svc/shop/payments');
    t.equal(explained.verdict, 'refused', source);
    t.match(explained.hops.at(-1)?.policies, [
      { kind: 'PeerAuthentication', policy: 'shop/default', effect: 'denied' },
    ]);
    t.match(explained.fix, /mode: PERMISSIVE in PeerAuthentication shop\/default/);
  }
  t.match(
    (await ask(world, 'deploy/edge/stranger', 'svc/shop/payments')).fix,
    /label namespace edge istio.io\/dataplane-mode=ambient/,
  );
  t.equal((await ask(world, 'deploy/shopper', 'payments')).verdict, 'allowed');
});

test('a pod outside of the mesh is reached in plaintext, and nobody judges', async (t) => {
  const explained = await ask(worldOf(service('stranger', {}, 'edge')), 'deploy/shopper', 'stranger.edge');
  t.equal(explained.verdict, 'allowed');
  t.match(explained.hops.at(-1)?.facts[0]?.text, /outside of the mesh/);
});

test('an excluded port is past the mesh at both ends', async (t) => {
  const world = createWorld({
    objects: shop(FROM_CART).map((one) =>
      one.kind === 'Deployment' && one.metadata.name === 'payments'
        ? withAnnotation(one, 'traffic.sidecar.istio.io/excludeInboundPorts', '8080')
        : one,
    ),
    imagine: true,
  });
  const explained = await ask(world, 'outside', 'svc/shop/payments');
  t.equal(explained.verdict, 'allowed');
  t.match(explained.hops.at(-1)?.facts[0]?.text, /port 8080 is excluded/);
});

test('a service without endpoints that are ready is refused, with why', async (t) => {
  const explained = await ask(worldOf(service('ghost')), 'deploy/shopper', 'ghost');
  t.equal(explained.verdict, 'refused');
  t.match(explained.because, /service shop\/ghost has no endpoint/);
  t.match(explained.fix, /selector of the Service/);
  const plain = await ask(worldOf(service('ghost')), 'outside', 'svc/shop/ghost');
  t.equal(plain.verdict, 'refused');
});

test('a port that the service has not is refused', async (t) => {
  const explained = await ask(worldOf(), 'deploy/shopper', 'payments:81');
  t.equal(explained.verdict, 'refused');
  t.match(explained.because, /has no port 81, only 80/);
});

test('where endpoints are judged differently it depends on which one is chosen', async (t) => {
  const two = [
    { ...deploymentOf('payments-a', 'closed') },
    { ...deploymentOf('payments-b', 'open') },
    service('split', {}, 'shop', { selector: { tier: 'payments' } }),
    policy('closed', { selector: { matchLabels: { door: 'closed' } } }),
  ];
  const explained = await ask(worldOf(...two), 'deploy/shopper', 'split');
  t.equal(explained.verdict, 'unknown');
  t.match(explained.hops.at(-1)?.facts.at(-1)?.text, /1 of 2 endpoints refuse/);
});

test('a dry run decides nothing and says what it would do', async (t) => {
  const dry = policy('payments-from-cart', FROM_CART_SPEC, 'shop', { 'istio.io/dry-run': 'true' });
  const explained = await ask(worldOf(dry), 'deploy/shopper', 'payments');
  t.equal(explained.verdict, 'allowed');
  t.match(explained.hops.at(-1)?.policies, [{ dryRun: true, wouldBe: 'would deny it' }]);
});

test('a policy that cannot be understood refuses, and its problem is among the notes', async (t) => {
  const broken = policy('broken', { rules: [{ form: [] }] });
  const explained = await ask(worldOf(broken), 'deploy/shopper', 'payments');
  t.equal(explained.verdict, 'refused');
  t.match(explained.notes.join('\n'), /AuthorizationPolicy shop\/broken, spec.rules\[0\]/);
});

test('names are looked up as a pod would, and by kind', async (t) => {
  const world = worldOf(namespace('other'), service('payments', {}, 'other'));
  for (const [name, found] of [
    ['payments', 'shop/payments:80'],
    ['payments.other', 'other/payments:80'],
    ['payments.other.svc', 'other/payments:80'],
    ['payments.other.svc.cluster.local:80', 'other/payments:80'],
    ['other/payments', 'other/payments:80'],
    ['svc/shop/payments', 'shop/payments:80'],
    ['pod/payments-0:8080', 'shop/payments-0:8080'],
    ['shop/payments-0', 'shop/payments-0:8080'],
    ['198.51.100.1:443', '198.51.100.1:443'],
  ] as const)
    t.equal((await ask(world, 'deploy/shopper', name)).destination, found, name);
  await t.rejects(ask(world, 'deploy/shopper', 'nobody'), { code: 'ERR_CLI_PARTY' });
  await t.rejects(ask(world, 'deploy/nobody', 'payments'), { code: 'ERR_CLI_PARTY' });
  await t.rejects(ask(world, 'a/b/c/d', 'payments'), {
    code: 'ERR_CLI_PARTY',
    message: /expected a name such as/,
  });
  await t.rejects(ask(world, 'deploy/shopper', 'payments:99999'), { message: /port from 1 to 65535/ });
});

test('the text has the hops as a numbered path, the verdict and the change', async (t) => {
  const text = explanationText(
    await ask(worldOf(FROM_CART), 'deploy/shopper', 'payments'),
    createColors(false),
  );
  t.match(text, /^shop\/shopper-0 → shop\/payments:80 {3}GET payments\/\n\n1 ✓ name and address\n/);
  t.match(text, /\n3 ✗ node proxy of shop\/payments-0/);
  t.match(
    text,
    /nearest was rule 1: clause 1, principal: expected cluster.local\/ns\/shop\/sa\/cart, got cluster.local\/ns\/shop\/sa\/shopper/,
  );
  t.match(text, /\n✗ refused: allow policies exist.*\n {2}what would allow it: in rule 1/);
});

const FROM_CART_SPEC = {
  selector: { matchLabels: { app: 'payments' } },
  rules: [{ from: [{ source: { principals: ['cluster.local/ns/shop/sa/cart'] } }] }],
};

function deploymentOf(name: string, door: string) {
  return object(
    'apps/v1',
    'Deployment',
    { name, namespace: 'shop' },
    {
      spec: {
        template: {
          metadata: { labels: { app: name, tier: 'payments', door } },
          spec: { serviceAccountName: name, containers: [{ name }] },
        },
      },
    },
  );
}

function withAnnotation(
  one: ReturnType<typeof object>,
  name: string,
  value: string,
): ReturnType<typeof object> {
  const { spec } = one as unknown as { spec: { template: { metadata: object } } };
  const metadata = { ...spec.template.metadata, annotations: { [name]: value } };
  return { ...one, spec: { ...spec, template: { ...spec.template, metadata } } } as never;
}

test('what is wrong as it runs stands beside the verdict, with what to do', async (t) => {
  const explained = await ask(worldOf(), 'deploy/cart', 'payments');
  const findings = [{ what: 'ztunnel/node-1', message: 'stale: no report for 50 s', hint: 'is it stopped?' }];
  const text = explanationText({ ...explained, findings }, createColors(false));
  t.match(text, /✓ allowed: .*\n\n! ztunnel\/node-1: stale: no report for 50 s\n {4}is it stopped\?\n/);
});
