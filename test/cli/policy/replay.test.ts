import { test } from 'tap';
import { propose } from '../../../src/cli/policy/replay/proposal.ts';
import { replay } from '../../../src/cli/policy/replay/replay.ts';
import { createWorld, type ManifestLike } from '../../../src/cli/world/index.ts';
import { type FlowRecord, type FlowRequest, NOT_KEPT } from '../../../src/model/index.ts';
import { BOUND, object, policy, service, shop, targetRef, WAYPOINT } from '../explain/support/shop.ts';

const FROM_CART = policy('payments-from-cart', {
  selector: { matchLabels: { app: 'payments' } },
  rules: [{ from: [{ source: { principals: ['cluster.local/ns/shop/sa/cart'] } }] }],
});

function connection(source: string, more: Partial<FlowRecord> = {}): FlowRecord {
  return {
    firstMs: 1_000,
    lastMs: 2_000,
    count: 3,
    proxy: 'ztunnel/node-1',
    reporter: 'destination',
    source: { namespace: 'shop', workload: source, identity: `spiffe://cluster.local/ns/shop/sa/${source}` },
    sourceAddress: '10.244.9.9',
    destination: { namespace: 'shop', workload: 'payments', identity: '' },
    destinationAddress: '10.244.9.1',
    destinationPort: 8080,
    service: { namespace: 'shop', name: 'payments', port: 80 },
    mutualTls: true,
    waypoint: '',
    verdict: 'allowed',
    policy: '',
    request: undefined,
    ...more,
  };
}

function request(
  source: string,
  asked: Partial<FlowRequest> = {},
  more: Partial<FlowRecord> = {},
): FlowRecord {
  return connection(source, {
    reporter: 'waypoint',
    proxy: 'waypoint/shop/waypoint-0',
    waypoint: 'shop/waypoint',
    destination: { namespace: 'shop', workload: 'cart', identity: '' },
    service: { namespace: 'shop', name: 'cart', port: 80 },
    destinationPort: 80,
    request: {
      method: 'GET',
      host: 'cart',
      path: '/',
      headers: {},
      tokenPrincipal: '',
      claims: {},
      status: 200,
      ...asked,
    },
    ...more,
  });
}

function tried(flows: readonly FlowRecord[], proposed: ManifestLike, ...inForce: readonly ManifestLike[]) {
  const objects = shop(...inForce);
  const before = createWorld({ objects, imagine: true });
  const after = createWorld({ objects: propose(objects, [proposed]).objects, imagine: true });
  return replay(flows, before, after);
}

const MESH = [WAYPOINT, service('cart', BOUND)];

test('who would be newly refused is named with rule and change; the others go on', async (t) => {
  const result = tried([connection('cart'), connection('shopper', { count: 7, lastMs: 9_000 })], FROM_CART);
  t.match(result.refused, [
    {
      source: { workload: 'shopper' },
      service: { name: 'payments' },
      at: 'node proxy',
      count: 7,
      lastMs: 9_000,
      policy: 'shop/payments-from-cart',
      because: /none allowed/,
      fix: /in rule 1 of AuthorizationPolicy shop\/payments-from-cart add "cluster.local\/ns\/shop\/sa\/shopper" to principals/,
    },
  ]);
  t.same([result.allowed, result.unknown, result.unchanged], [[], [], 3]);
});

test('a policy of the same name takes the place of the one in force', async (t) => {
  const both = policy('payments-from-cart', {
    selector: { matchLabels: { app: 'payments' } },
    rules: [{ from: [{ source: { namespaces: ['shop'] } }] }],
  });
  const refused = connection('shopper', { verdict: 'refused', policy: 'shop/payments-from-cart' });
  const result = tried([refused], both, FROM_CART);
  t.match(result.allowed, [{ source: { workload: 'shopper' }, policy: 'shop/payments-from-cart', rule: 1 }]);
  t.same(result.refused, []);
});

test('STRICT would refuse plaintext alone', async (t) => {
  const strict = object(
    'security.istio.io/v1',
    'PeerAuthentication',
    { name: 'default', namespace: 'shop' },
    { spec: { mtls: { mode: 'STRICT' } } },
  );
  const plain = connection('', {
    source: { namespace: '', workload: '192.0.2.1', identity: '' },
    sourceAddress: '192.0.2.1',
    mutualTls: false,
  });
  const result = tried([plain, connection('cart')], strict);
  t.match(result.refused, [{ source: { workload: '192.0.2.1' } }]);
  t.equal(result.unchanged, 3);
});

test('what a client saw itself is judged by nobody, and what failed had been let through', async (t) => {
  const seen = connection('shopper', { reporter: 'source' });
  const failed = connection('shopper', { verdict: 'failed' });
  const result = tried([seen, failed], FROM_CART);
  t.same(result.flows, { kinds: 1, count: 3 });
  t.equal(result.refused.length, 1);
});

test('requests are judged by what the waypoint would be told', async (t) => {
  const onlyReads = policy('reads', {
    ...targetRef('cart'),
    rules: [{ to: [{ operation: { methods: ['GET'] } }] }],
  });
  const result = tried(
    [request('shopper'), request('shopper', { method: 'POST', path: '/orders' })],
    onlyReads,
    ...MESH,
  );
  t.match(result.refused, [
    {
      at: 'waypoint shop/waypoint',
      request: 'POST /orders',
      because: /none allowed/,
      fix: /add "POST" to methods/,
    },
  ]);
  t.equal(result.unchanged, 3);
});

test('a header that was not kept is never guessed, unless it makes no difference', async (t) => {
  const team = (rule: object) => policy('team', { ...targetRef('cart'), action: 'DENY', rules: [rule] });
  const asks = { when: [{ key: 'request.headers[x-team]', values: ['red'] }] };
  const unknown = tried([request('shopper')], team(asks), ...MESH);
  t.match(unknown.unknown, [{ because: /depends on header x-team, which was not kept/ }]);
  t.same(unknown.refused, []);
  // Of others than POSTs the header is not looked at.
  const posts = tried(
    [request('shopper')],
    team({ ...asks, to: [{ operation: { methods: ['POST'] } }] }),
    ...MESH,
  );
  t.equal(posts.unchanged, 3);
});

test('of a header that policies in force ask for, none is none', async (t) => {
  const before = policy('team', {
    ...targetRef('cart'),
    action: 'DENY',
    rules: [{ when: [{ key: 'request.headers[x-team]', values: ['blue'] }] }],
  });
  const after = policy('team', {
    ...targetRef('cart'),
    action: 'DENY',
    rules: [{ when: [{ key: 'request.headers[x-team]', values: ['red'] }] }],
  });
  const flows = [
    request('shopper'),
    request('shopper', { headers: { 'x-team': 'red' } }),
    request('shopper', { headers: { 'x-team': NOT_KEPT } }),
  ];
  const result = tried(flows, after, ...MESH, before);
  t.equal(result.unchanged, 3);
  t.match(result.refused, [{ count: 3, policy: 'shop/team', rule: 1 }]);
  t.match(result.unknown, [{ count: 3, because: /header x-team/ }]);
});

test('claims are judged as headers are, and tokens are not checked again', async (t) => {
  const authentication = object(
    'security.istio.io/v1',
    'RequestAuthentication',
    { name: 'tokens', namespace: 'shop' },
    {
      spec: { ...targetRef('cart'), jwtRules: [{ issuer: 'https://a.test', jwks: '{"keys":[]}' }] },
    },
  );
  const admins = policy('admins', {
    ...targetRef('cart'),
    rules: [
      {
        from: [{ source: { requestPrincipals: ['https://a.test/*'] } }],
        when: [{ key: 'request.auth.claims[role]', values: ['admin'] }],
      },
    ],
  });
  const flows = [
    request('shopper'),
    request('shopper', { tokenPrincipal: 'https://a.test/some/body', claims: { role: '"admin"' } }),
    request('shopper', { tokenPrincipal: 'https://a.test/me' }),
  ];
  const result = tried(flows, admins, ...MESH, authentication);
  t.match(
    result.refused,
    [{ because: /none allowed/ }],
    'without a token nothing is allowed, whatever its claims',
  );
  t.match(result.unknown, [{ because: /claim role, which was not kept/ }]);
  t.equal(result.unchanged, 3);
  const added = tried([request('shopper')], authentication, ...MESH);
  t.match(added.unknown, [{ because: /depends on its tokens, which are not kept/ }]);
});

test('a policy of another target changes nothing, and nothing is told of it', async (t) => {
  const other = policy('other', { ...targetRef('payments'), rules: [] });
  const result = tried([request('shopper'), connection('cart')], other, ...MESH);
  t.equal(result.unchanged, 6);
});

test('a target that is gone cannot be told', async (t) => {
  const gone = connection('cart', { destination: { namespace: 'shop', workload: 'old', identity: '' } });
  t.match(tried([gone], FROM_CART).unknown, [{ because: /no pod of shop\/old any more/ }]);
});

test('a proposal is a policy, and says whether it is new', async (t) => {
  t.same(propose(shop(FROM_CART), [FROM_CART]).proposed, [
    { object: 'AuthorizationPolicy shop/payments-from-cart', isNew: false },
  ]);
  t.same(propose(shop(), [FROM_CART]).proposed, [
    { object: 'AuthorizationPolicy shop/payments-from-cart', isNew: true },
  ]);
  t.throws(() => propose(shop(), [service('x')]), { code: 'ERR_CLI_OPTION', message: /got Service x of v1/ });
  t.throws(() => propose(shop(), []), { code: 'ERR_CLI_OPTION', message: /got nothing/ });
});
