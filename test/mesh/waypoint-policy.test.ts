import { after, before, test } from 'tap';
import { serviceOf, webServer } from './support/objects.ts';
import { startWorld, until, type World } from './support/world.ts';

// Istio's security objects at a waypoint that runs: from the objects to what a client gets.
let world: World;
before(async () => {
  world = await startWorld({
    name: 'bouncer',
    namespaces: { shop: true },
    more: [
      webServer(),
      serviceOf('shop', 'web', [{ name: 'http', port: 80, targetPort: 8080 }]),
      serviceOf(
        'shop',
        'authorizer',
        [
          { name: 'grpc', port: 9191 },
          { name: 'http', port: 9192 },
        ],
        { app: 'web' },
      ),
      meshConfig(),
    ],
  });
  await world.lab.nodemesh('waypoint', 'apply', '-n', 'shop', '--enroll-namespace', '--wait');
  await until('the web server answers', async () => (await ask('/')).status === 200);
});
after(() => world.lab.down());

function meshConfig(): object {
  const service = 'authorizer.shop.svc.cluster.local';
  const mesh = {
    extensionProviders: [
      { name: 'by-grpc', envoyExtAuthzGrpc: { service, port: 9191 } },
      {
        name: 'by-http',
        envoyExtAuthzHttp: {
          service,
          port: 9192,
          pathPrefix: '/check',
          includeRequestHeadersInCheck: ['x-who'],
          headersToUpstreamOnAllow: ['x-user', 'x-path'],
        },
      },
      {
        name: 'nobody',
        envoyExtAuthzGrpc: { service: 'nobody.shop.svc.cluster.local', port: 1, statusOnError: '503' },
      },
    ],
  };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'istio-system', name: 'istio' },
    data: { mesh: JSON.stringify(mesh) },
  };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A GET by the client of the namespace. */
async function ask(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const script = `
    const answer = await fetch('http://web.shop.svc.cluster.local' + ${JSON.stringify(path)}, {
      headers: ${JSON.stringify(headers)}, redirect: 'manual' });
    console.log(JSON.stringify({
      status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() }));`;
  const printed = await world.lab.lab(
    ...['exec', '-n', 'shop', 'client', '--', 'node', '--input-type=module', '-e', script],
  );
  return JSON.parse(printed) as Answer;
}

/** What the web server says that it got. */
async function seen(path: string, headers?: Readonly<Record<string, string>>) {
  const { status, body } = await ask(path, headers);
  if (status !== 200) throw new Error(`expected 200, got ${status}: ${body}`);
  return JSON.parse(body) as { readonly url: string; readonly headers: Readonly<Record<string, string>> };
}

async function withObject(object: object, run: () => Promise<void>): Promise<void> {
  const { kind, metadata } = object as { kind: string; metadata: { name: string } };
  await world.lab.apply(object);
  try {
    await run();
  } finally {
    await world.lab.lab('delete', kind.toLowerCase(), metadata.name, '-n', 'shop');
  }
}

function policy(name: string, spec: object, service = 'web', annotations = {}): object {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { namespace: 'shop', name, annotations },
    spec: { targetRefs: [{ group: '', kind: 'Service', name: service }], ...spec },
  };
}

const everything = [{}];
const custom = (provider: string) =>
  policy('ask', { action: 'CUSTOM', provider: { name: provider }, rules: everything });
const becomes = (what: string, status: number, path = '/', headers = {}) =>
  until(what, async () => (await ask(path, headers)).status === status);
const waypointLog = () => world.lab.lab('logs', '-n', 'shop', 'deploy/waypoint');

test('a DENY policy of a service refuses what it matches, and its author can see that it holds', async (t) => {
  const rules = [{ to: [{ operation: { paths: ['/admin*'] } }] }];
  await withObject(policy('no-admin', { action: 'DENY', rules }), async () => {
    await becomes('denied', 403, '/admin');
    const { headers, body } = await ask('/admin');
    t.equal(body, 'RBAC: access denied\n');
    t.notMatch(JSON.stringify(headers), /no-admin/);
    for (const path of ['/x/..%2fadmin', '/%61dmin', '/ADMIN', '//admin'])
      t.equal((await ask(path)).status, 403, path);
    t.equal((await ask('/x')).status, 200);
    const status = await world.lab.lab('get', 'authorizationpolicy', 'no-admin', '-n', 'shop', '-o', 'yaml');
    t.match(status, /type: WaypointAccepted\n[^-]*status: "True"\n +reason: Accepted/);
    t.match(
      await waypointLog(),
      /explicitly denied by shop\/no-admin \(rule 1, to 1\): spiffe:[^\n]*sa\/client/,
    );
  });
  await becomes('allowed again', 200, '/admin');
});

test('an authorizer over gRPC is asked through the mesh, and tells the server who it is', async (t) => {
  await withObject(custom('by-grpc'), async () => {
    await becomes('asked', 401);
    const refused = await ask('/');
    t.match(refused, { status: 401, body: 'who are you?', headers: { 'x-asked': 'grpc' } });
    const { headers } = await seen('/', { 'x-who': 'alice', 'x-user': 'root' });
    t.match(headers, { 'x-user': 'alice', 'x-source': 'spiffe://cluster.local/ns/shop/sa/client' });
  });
});

test('an authorizer over HTTP is asked about the request that it is about', async (t) => {
  await withObject(custom('by-http'), async () => {
    await becomes('asked', 401);
    const { headers } = await seen('/a?b=c', { 'x-who': 'bob' });
    t.match(headers, { 'x-user': 'bob', 'x-path': '/check/a?b=c' });
  });
});

test('an authorizer that is not there refuses as MeshConfig says', async () => {
  await withObject(custom('nobody'), () => becomes('refused', 503));
});

test('a policy that names an authorizer nobody knows refuses everything, and says why', async (t) => {
  await withObject(custom('unknown'), async () => {
    await becomes('refused', 403);
    const status = await world.lab.lab('get', 'authorizationpolicy', 'ask', '-n', 'shop', '-o', 'yaml');
    t.match(status, /reason: Invalid/);
    t.match(status, /no external authorizer called/);
  });
});

test('tokens are checked with keys that are fetched through the mesh', async (t) => {
  const authentication = {
    apiVersion: 'security.istio.io/v1',
    kind: 'RequestAuthentication',
    metadata: { namespace: 'shop', name: 'users' },
    spec: {
      targetRefs: [{ group: '', kind: 'Service', name: 'web' }],
      jwtRules: [
        {
          issuer: 'http://issuer.example',
          jwksUri: 'http://web.shop.svc.cluster.local/keys',
          audiences: ['web'],
          outputClaimToHeaders: [{ header: 'x-sub', claim: 'sub' }],
        },
      ],
    },
  };
  const rules = [{ from: [{ source: { requestPrincipals: ['http://issuer.example/*'] } }] }];
  const tokenFor = async (query = ''): Promise<string> => {
    const { body } = await ask(`/token${query}`);
    return (JSON.parse(body) as { token: string }).token;
  };
  const [good, wrongAudience] = [await tokenFor(), await tokenFor('?aud=other')];
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  await withObject(authentication, async () => {
    await becomes('bad tokens are refused', 401, '/', bearer(wrongAudience));
    const refused = await ask('/', bearer(`${good}x`));
    t.match(refused, { status: 401, headers: { 'www-authenticate': 'Bearer error="invalid_token"' } });
    t.equal((await ask('/')).status, 200, 'no token, no policy');
    await withObject(policy('users-only', { action: 'ALLOW', rules }), async () => {
      await becomes('no token, no entry', 403);
      const { headers } = await seen('/', { ...bearer(good), 'x-sub': 'root' });
      t.equal(headers['x-sub'], 'alice');
      t.equal(headers.authorization, undefined);
    });
  });
});

test('policies that only watch are told of, and change nothing', async (t) => {
  const trial = policy('trial', { action: 'DENY', rules: everything }, 'web', { 'istio.io/dry-run': 'true' });
  await withObject(trial, () =>
    withObject(policy('watch', { action: 'AUDIT', rules: everything }), async () => {
      await until('both are there', async () => {
        t.equal((await ask('/')).status, 200);
        const metrics = await world.lab.nodemesh('admin', 'waypoint/shop/waypoint', '/metrics');
        return (
          /nodemesh_policy_dry_run_total\{policy="shop\/trial",verdict="deny",differs="true"\} [1-9]/.test(
            metrics,
          ) && /matched by a policy with the action AUDIT[^\n]*shop\/watch/.test(await waypointLog())
        );
      });
    }),
  );
});

test('plain connections are judged too, and those that are open are cut when they no longer may be', async (t) => {
  const client = world.client('shop');
  const server = world.server('shop', 7000);
  const rules = [{ from: [{ source: { principals: ['cluster.local/ns/shop/sa/client'] } }] }];
  t.equal((await world.lab.client(client, 'echo', server)).outcome, 'ok');
  const held = world.lab.client(client, 'hold', server, 3, 15);
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  await withObject(policy('no-client', { action: 'DENY', rules }, 'server'), async () => {
    t.match(await held, { count: 3, failed: 3 });
    t.not((await world.lab.client(client, 'echo', server)).outcome, 'ok');
  });
  await until('let in again', async () => (await world.lab.client(client, 'echo', server)).outcome === 'ok');
});
