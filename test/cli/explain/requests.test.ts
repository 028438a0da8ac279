import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { test } from 'tap';
import { ask, BOUND, object, policy, service, targetRef, WAYPOINT, worldOf } from './support/shop.ts';
import type { ManifestLike } from '../../../src/cli/world/index.ts';

const BOUND_CART = service('cart', BOUND);
const CALLERS = policy('cart-callers', {
  ...targetRef('cart'),
  rules: [
    {
      from: [{ source: { principals: ['cluster.local/ns/shop/sa/shopper'] } }],
      to: [{ operation: { methods: ['GET'], paths: ['/', '/items/*'] } }],
    },
  ],
});

function route(rules: readonly object[], name = 'canary'): ManifestLike {
  const parentRefs = [{ group: '', kind: 'Service', name: 'cart' }];
  return object(
    'gateway.networking.k8s.io/v1',
    'HTTPRoute',
    { name, namespace: 'shop' },
    { spec: { parentRefs, rules } },
  );
}

test('a request goes through the waypoint of its service, and its pod sees the waypoint', async (t) => {
  const explained = await ask(worldOf(WAYPOINT, BOUND_CART, CALLERS), 'deploy/shopper', 'cart');
  t.equal(explained.verdict, 'allowed');
  t.same(
    explained.hops.map(({ name }) => name),
    [
      'name and address',
      'node proxy of shop/shopper-0 on imagined-node',
      'waypoint shop/waypoint',
      'node proxy of shop/cart-0 on imagined-node',
    ],
  );
  t.match(explained.hops.at(-1)?.facts[0]?.text, /^spiffe:\/\/cluster.local\/ns\/shop\/sa\/waypoint from/);
  t.match(explained.hops[2]?.policies, [{ policy: 'shop/cart-callers', effect: 'allowed', rule: 1 }]);
});

test('a method and path that no rule allows are told with what was expected', async (t) => {
  const world = worldOf(WAYPOINT, BOUND_CART, CALLERS);
  const explained = await ask(world, 'deploy/shopper', 'cart', { method: 'POST', path: '/orders?x=1' });
  t.equal(explained.verdict, 'refused');
  t.match(explained.hops[2]?.facts.at(-1), { mark: 'stop', text: /^answered with 403/ });
  t.match(explained.hops[2]?.policies[0]?.unmet, [
    { where: 'to 1', subject: 'method', expected: 'GET', got: 'POST' },
    { where: 'to 1', subject: 'path', expected: 'one of /, /items/*', got: '/orders' },
  ]);
  t.equal(
    explained.fix,
    'in rule 1 of AuthorizationPolicy shop/cart-callers add "POST" to methods (to 1) and add "/orders" to paths (to 1)',
  );
});

test('the pod behind a waypoint that knows only clients refuses the waypoint, and says so', async (t) => {
  const onPod = policy('pods', {
    selector: { matchLabels: { app: 'cart' } },
    rules: [{ from: [{ source: { principals: ['cluster.local/ns/shop/sa/shopper'] } }] }],
  });
  const explained = await ask(worldOf(WAYPOINT, BOUND_CART, onPod), 'deploy/shopper', 'cart');
  t.equal(explained.verdict, 'refused');
  t.match(explained.because, /what was judged is waypoint shop\/waypoint/);
  t.match(explained.fix, /allow the principal cluster.local\/ns\/shop\/sa\/waypoint here/);
});

test('the rule that takes a request is named, and why the others do not', async (t) => {
  const world = worldOf(
    WAYPOINT,
    BOUND_CART,
    route([
      {
        matches: [{ path: { type: 'PathPrefix', value: '/beta' } }],
        backendRefs: [{ name: 'payments', port: 80 }],
      },
      {
        matches: [{ method: 'GET', headers: [{ name: 'x-team', value: 'b' }] }],
        backendRefs: [{ name: 'payments', port: 80 }],
      },
      { backendRefs: [{ name: 'cart', port: 80 }] },
    ]),
  );
  const plain = await ask(world, 'deploy/shopper', 'cart');
  t.equal(plain.verdict, 'allowed');
  const taking = plain.hops[2]?.facts.find(({ text }) => text.includes('takes it'));
  t.match(taking?.text, /^HTTPRoute shop\/canary rule 3 takes it/);
  t.match(
    taking?.details.join('\n'),
    /rule 1 \(\/beta\*\) does not match: path: expected \/beta\*, got \/\n/,
  );
  t.match(taking?.details.join('\n'), /rule 2 .* does not match: header x-team: expected b, got nothing/);
  const team = await ask(world, 'deploy/shopper', 'cart', { headers: [['X-Team', 'b']], path: '/beta/1' });
  const longer = team.hops[2]?.facts.find(({ text }) => text.includes('takes it'));
  t.match(longer?.text, /rule 1 takes it/);
  t.match(longer?.details.join('\n'), /rule 2 .*holds, but another is more specific/);
  t.match(team.hops.at(-1)?.name, /shop\/payments-0/);
});

test('where no rule takes a request it is a 404, with the reason of each', async (t) => {
  const only = route([
    { matches: [{ path: { type: 'Exact', value: '/only' } }], backendRefs: [{ name: 'cart', port: 80 }] },
  ]);
  const explained = await ask(worldOf(WAYPOINT, BOUND_CART, only), 'deploy/shopper', 'cart');
  t.equal(explained.verdict, 'refused');
  t.match(
    explained.because,
    /expected a request that a rule of the routes of cart.shop.svc.cluster.local takes/,
  );
  t.match(
    explained.hops[2]?.facts.flatMap(({ details }) => details).join('\n'),
    /path: expected \/only, got \//,
  );
});

test('a redirect is an answer, and a rewrite is shown as it is sent', async (t) => {
  const redirect = route([
    { filters: [{ type: 'RequestRedirect', requestRedirect: { hostname: 'else.where', statusCode: 301 } }] },
  ]);
  const redirected = await ask(worldOf(WAYPOINT, BOUND_CART, redirect), 'deploy/shopper', 'cart');
  t.equal(redirected.verdict, 'allowed');
  t.match(redirected.hops.at(-1)?.facts.at(-1)?.text, /answered with 301 to http:\/\/else.where\//);
  const rewrite = route([
    {
      filters: [
        { type: 'URLRewrite', urlRewrite: { path: { type: 'ReplaceFullPath', replaceFullPath: '/new' } } },
      ],
      backendRefs: [{ name: 'cart', port: 80 }],
    },
  ]);
  const rewritten = await ask(worldOf(WAYPOINT, BOUND_CART, rewrite), 'deploy/shopper', 'cart', {
    path: '/old',
  });
  t.match(rewritten.hops[2]?.facts.at(-1)?.details, ['sent as GET cart/new']);
});

test('a backend that is dead is named; one of several makes it a matter of chance', async (t) => {
  const dead = route([{ backendRefs: [{ name: 'ghost', port: 80 }] }]);
  const all = await ask(worldOf(WAYPOINT, BOUND_CART, service('ghost'), dead), 'deploy/shopper', 'cart');
  t.equal(all.verdict, 'refused');
  t.match(all.because, /service shop\/ghost has no endpoint/);
  const some = route([
    {
      backendRefs: [
        { name: 'cart', port: 80, weight: 9 },
        { name: 'ghost', port: 80, weight: 1 },
      ],
    },
  ]);
  const share = await ask(worldOf(WAYPOINT, BOUND_CART, service('ghost'), some), 'deploy/shopper', 'cart');
  t.equal(share.verdict, 'unknown');
  t.match(share.because, /ghost.* \(weight 1\) has no endpoint that is ready/);
});

test('a waypoint that is missing refuses, or is gone round where the label says so', async (t) => {
  const missing = await ask(worldOf(BOUND_CART), 'deploy/shopper', 'cart');
  t.equal(missing.verdict, 'refused');
  t.match(missing.because, /reached through waypoint shop\/waypoint, which does not exist/);
  t.match(missing.fix, /create it \(nodemesh waypoint apply\)/);
  const open = service('cart', { ...BOUND, 'nodemesh.io/waypoint-failure': 'open' });
  const round = await ask(worldOf(open), 'deploy/shopper', 'cart');
  t.equal(round.verdict, 'allowed');
  t.match(round.hops[1]?.facts.map(({ text }) => text).join('\n'), /waypoint-failure: open lets it go round/);
});

test('who dials the pod comes round its waypoint, and is refused where the label says so', async (t) => {
  const counted = await ask(worldOf(WAYPOINT, BOUND_CART), 'deploy/shopper', 'pod/cart-0:8080');
  t.equal(counted.verdict, 'allowed');
  t.match(
    counted.hops
      .at(-1)
      ?.facts.map(({ text }) => text)
      .join('\n'),
    /comes round waypoint/,
  );
  const guarded = object('v1', 'Namespace', {
    name: 'shop',
    labels: { 'istio.io/dataplane-mode': 'ambient', 'nodemesh.io/waypoint-bypass': 'refuse' },
  });
  const refused = await ask(worldOf(WAYPOINT, BOUND_CART, guarded), 'deploy/shopper', 'pod/cart-0:8080');
  t.equal(refused.verdict, 'refused');
  t.match(refused.fix, /dial the service's own name/);
  t.equal((await ask(worldOf(WAYPOINT, BOUND_CART, guarded), 'deploy/shopper', 'cart')).verdict, 'allowed');
});

test('tokens are checked as the waypoint checks them', async (t) => {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256' }] });
  const sign = (claims: Record<string, unknown>, expires: string) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid: 'k' })
      .setIssuer('https://issuer.test')
      .setSubject('me')
      .setExpirationTime(expires)
      .sign(privateKey);
  const authentication = object(
    'security.istio.io/v1',
    'RequestAuthentication',
    { name: 'tokens', namespace: 'shop' },
    {
      spec: { ...targetRef('cart'), jwtRules: [{ issuer: 'https://issuer.test', jwks }] },
    },
  );
  const admins = policy('admins', {
    ...targetRef('cart'),
    rules: [
      {
        from: [{ source: { requestPrincipals: ['*'] } }],
        when: [{ key: 'request.auth.claims[role]', values: ['admin'] }],
      },
    ],
  });
  const world = worldOf(WAYPOINT, BOUND_CART, authentication, admins);
  const good = await ask(world, 'deploy/shopper', 'cart', { jwt: await sign({ role: 'admin' }, '1h') });
  t.equal(good.verdict, 'allowed');
  t.match(
    good.hops[2]?.facts.map(({ text }) => text).join('\n'),
    /token of https:\/\/issuer.test\/me is good/,
  );
  const old = await ask(world, 'deploy/shopper', 'cart', { jwt: await sign({ role: 'admin' }, '-1h') });
  t.equal(old.verdict, 'refused');
  t.match(old.because, /it has expired/);
  const none = await ask(world, 'deploy/shopper', 'cart');
  t.equal(none.verdict, 'refused');
  t.match(none.fix, /^send a token with request principal \*/);
  const wrong = await ask(world, 'deploy/shopper', 'cart', { jwt: await sign({ role: 'guest' }, '1h') });
  t.match(wrong.hops[2]?.policies[0]?.unmet, [{ subject: 'claim role', expected: 'admin', got: '"guest"' }]);
});

test('keys that would be fetched are not known, unless they are given', async (t) => {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k' }] });
  const jwt = await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', kid: 'k' })
    .setIssuer('https://far.test')
    .setExpirationTime('1h')
    .sign(privateKey);
  const authentication = object(
    'security.istio.io/v1',
    'RequestAuthentication',
    { name: 'tokens', namespace: 'shop' },
    {
      spec: {
        ...targetRef('cart'),
        jwtRules: [{ issuer: 'https://far.test', jwksUri: 'https://far.test/keys' }],
      },
    },
  );
  const world = worldOf(WAYPOINT, BOUND_CART, authentication);
  const unknown = await ask(world, 'deploy/shopper', 'cart', { jwt });
  t.equal(unknown.verdict, 'unknown');
  t.match(unknown.because, /fetched by the running waypoint/);
  t.equal((await ask(world, 'deploy/shopper', 'cart', { jwt, keysOf: () => jwks })).verdict, 'allowed');
});

test('what an authorizer would say is not known, but what is denied without it is', async (t) => {
  const config = object(
    'v1',
    'ConfigMap',
    { name: 'istio', namespace: 'istio-system' },
    {
      data: {
        mesh: 'extensionProviders:\n- name: gate\n  envoyExtAuthzHttp: {service: gate.shop.svc.cluster.local, port: 80}\n',
      },
    },
  );
  const custom = policy('ask', {
    ...targetRef('cart'),
    action: 'CUSTOM',
    provider: { name: 'gate' },
    rules: [{ to: [{ operation: { paths: ['/admin*'] } }] }],
  });
  const world = worldOf(WAYPOINT, BOUND_CART, config, custom);
  t.equal((await ask(world, 'deploy/shopper', 'cart')).verdict, 'allowed');
  const asked = await ask(world, 'deploy/shopper', 'cart', { path: '/admin' });
  t.equal(asked.verdict, 'unknown');
  t.match(asked.because, /depends on what gate \(asked by shop\/ask, rule 1\) says/);
  t.match(asked.hops[2]?.policies, [{ action: 'CUSTOM', effect: 'asks', rule: 1 }]);
  const deny = policy('no', {
    ...targetRef('cart'),
    action: 'DENY',
    rules: [{ to: [{ operation: { paths: ['/admin*'] } }] }],
  });
  t.equal(
    (
      await ask(worldOf(WAYPOINT, BOUND_CART, config, custom, deny), 'deploy/shopper', 'cart', {
        path: '/admin',
      })
    ).verdict,
    'refused',
  );
});

test('faults of every request happen, without waiting for them; others are told', async (t) => {
  const fault = (rule: object) =>
    object(
      'nodemesh.io/v1alpha1',
      'FaultInjection',
      { name: 'chaos', namespace: 'shop' },
      { spec: { ...targetRef('cart'), rules: [{ name: 'some', ...rule }] } },
    );
  const askWith = (rule: object, ...more: readonly ManifestLike[]) =>
    ask(worldOf(WAYPOINT, BOUND_CART, fault(rule), ...more), 'deploy/shopper', 'cart');
  const aborted = await askWith({ abort: { status: 418 } });
  t.equal(aborted.verdict, 'refused');
  t.match(aborted.hops[2]?.facts.at(-1)?.text, /answered with 418/);
  t.match(aborted.fix, /delete the FaultInjection/);
  const some = await askWith({ abort: { status: 418, percent: 20 } });
  t.equal(some.verdict, 'allowed');
  t.match(textsOf(some), /FaultInjection shop\/chaos \(some\): 20% of the requests answered with 418/);
  const slow = await askWith({ delay: { duration: '7s' } });
  t.equal(slow.verdict, 'allowed');
  t.match(textsOf(slow), /held up for 7s on purpose/);
  const limited = route([{ timeouts: { request: '2s' }, backendRefs: [{ name: 'cart', port: 80 }] }]);
  const late = await askWith({ delay: { duration: '7s' } }, limited);
  t.equal(late.verdict, 'refused');
  t.match(late.because, /expected the whole answer within 2s/);
});

test('what is no HTTP is judged as a connection', async (t) => {
  const world = worldOf(WAYPOINT, BOUND_CART, CALLERS);
  const bytes = await ask(world, 'deploy/shopper', 'cart', { isBytes: true });
  t.equal(bytes.verdict, 'refused', 'a rule about methods never allows what has none');
  t.match(bytes.hops[2]?.policies[0]?.unmet, [{ subject: 'method', got: 'no HTTP' }, { subject: 'path' }]);
  t.equal(
    (await ask(worldOf(WAYPOINT, BOUND_CART), 'deploy/shopper', 'cart', { isBytes: true })).verdict,
    'allowed',
  );
});

test('a dry run at a waypoint decides nothing and says what it would do', async (t) => {
  const dry = policy('dry', { ...targetRef('cart'), rules: [] }, 'shop', { 'istio.io/dry-run': 'true' });
  const explained = await ask(worldOf(WAYPOINT, BOUND_CART, dry), 'deploy/shopper', 'cart');
  t.equal(explained.verdict, 'allowed');
  t.match(explained.hops[2]?.policies, [{ dryRun: true, wouldBe: 'would deny it' }]);
});

function textsOf({ hops }: Awaited<ReturnType<typeof ask>>): string {
  return hops.flatMap(({ facts }) => facts.map(({ text }) => text)).join('\n');
}
