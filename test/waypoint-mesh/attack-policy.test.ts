import { after, before, test } from 'tap';
import { until } from '../mesh/support/world.ts';
import { ADMIN_IN_DISGUISE, IN_PUBLIC, NOT_ADMIN, OUT_OF_PUBLIC, UNREADABLE } from './corpus/path-tricks.ts';
import type { RawRequest, RawResult } from './programs/attack/raw-requests.ts';
import { deployment, service } from './support/objects.ts';
import { requestAuthentication, servicePolicy } from './support/policies.ts';
import { fieldOf, getTarget, sendRaw, witnessed } from './support/raw-requests.ts';
import { AUDIENCE, ISSUER, makeTokens, type Tokens } from './support/tokens.ts';
import { SHOP, startWaypointWorld, type WaypointWorld } from './support/waypoint-world.ts';

const PORT = { name: 'http', port: 80, targetPort: 8080, appProtocol: 'http' };
/** The same pods behind services with different policies. */
const SERVICES = ['denying', 'allowing', 'with-tokens'] as const;

let world: WaypointWorld;
let tokens: Tokens;
before(async () => {
  tokens = await makeTokens();
  world = await startWaypointWorld({
    name: 'harness-attack-policy',
    server: [
      deployment({ namespace: SHOP, name: 'server', replicas: 1, program: 'witness-server.ts' }),
      ...SERVICES.map((name) => service(SHOP, name, { app: 'server' }, [PORT])),
    ],
    more: [
      servicePolicy(SHOP, 'no-admin', 'denying', 'DENY', [
        { to: [{ operation: { paths: ['/admin', '/admin/*'] } }] },
      ]),
      servicePolicy(SHOP, 'public', 'allowing', 'ALLOW', [
        { to: [{ operation: { paths: ['/public', '/public/*'] } }] },
      ]),
      requestAuthentication(SHOP, 'issuer', 'with-tokens', {
        issuer: ISSUER,
        jwks: tokens.jwks,
        audiences: [AUDIENCE],
      }),
      servicePolicy(SHOP, 'needs-token', 'with-tokens', 'ALLOW', [
        {
          from: [{ source: { requestPrincipals: [`${ISSUER}/*`] } }],
          to: [{ operation: { notPaths: ['/admin', '/admin/*'] } }],
        },
        {
          to: [{ operation: { paths: ['/admin', '/admin/*'] } }],
          when: [{ key: 'request.auth.claims[role]', values: ['admin'] }],
        },
      ]),
    ],
  });
  // Policies are there before anything is judged by them.
  for (const name of SERVICES)
    await until(`${name} refuses`, async () => (await ask(name, '/admin')) === 403);
});
after(() => world.lab.down());

const hostOf = (name: string): string => `${name}.${SHOP}.svc.cluster.local`;

async function ask(
  name: string,
  target: string,
  fields: readonly string[] = [],
): Promise<number | undefined> {
  const results = await sendRaw(world.lab, hostOf(name), [getTarget('ask', target, fields)]);
  return results.get('ask')?.statuses[0];
}

/** Sends targets under ids of their own; the witness's part of the answer is whether it has seen that id. */
async function judge(
  name: string,
  title: string,
  targets: readonly string[],
): Promise<
  readonly { readonly target: string; readonly result: RawResult | undefined; readonly seen: boolean }[]
> {
  const id = (index: number): string => `${name} ${title} ${index}`;
  const requests: readonly RawRequest[] = targets.map((target, index) => getTarget(id(index), target));
  const results = await sendRaw(world.lab, hostOf(name), requests);
  const seen = new Set((await witnessed(world.lab)).map((request) => fieldOf(request, 'x-id')));
  return targets.map((target, index) => ({
    target,
    result: results.get(id(index)),
    seen: seen.has(id(index)),
  }));
}

const REFUSALS = [400, 403];

test('a denied path is denied in every disguise', { timeout: 300_000 }, async (t) => {
  for (const { target, result, seen } of await judge('denying', 'admin', ADMIN_IN_DISGUISE)) {
    t.ok(REFUSALS.includes(result?.statuses[0] ?? 0), `${target}: ${result?.statuses} ${result?.ending}`);
    t.notOk(seen, `${target} did not reach the backend`);
  }
});

test('what nobody should read is refused', async (t) => {
  for (const name of ['denying', 'allowing']) {
    for (const { target, result, seen } of await judge(name, 'unreadable', UNREADABLE)) {
      t.ok(REFUSALS.includes(result?.statuses[0] ?? 0), `${target}: ${result?.statuses} ${result?.ending}`);
      t.notOk(seen, `${target} did not reach the backend`);
    }
  }
});

test('what only looks like a denied path is let through', async (t) => {
  for (const { target, result, seen } of await judge('denying', 'not admin', NOT_ADMIN)) {
    t.same(result?.statuses, [200], target);
    t.ok(seen, target);
  }
});

test('an allowed path leads nowhere else', { timeout: 300_000 }, async (t) => {
  for (const { target, result, seen } of await judge('allowing', 'out', OUT_OF_PUBLIC)) {
    t.ok(REFUSALS.includes(result?.statuses[0] ?? 0), `${target}: ${result?.statuses} ${result?.ending}`);
    t.notOk(seen, `${target} did not reach the backend`);
  }
  for (const { target, result } of await judge('allowing', 'in', IN_PUBLIC))
    t.same(result?.statuses, [200], target);
});

test('a path is judged by what the client asked for, not by what it says of it', async (t) => {
  const tricks = [
    'X-Original-URL: /public',
    'X-Rewrite-URL: /public',
    'X-Forwarded-Path: /public',
    'X-HTTP-Method-Override: GET',
  ];
  for (const field of tricks) t.equal(await ask('allowing', '/admin', [field]), 403, field);
});

test('good tokens open the door, but not every door', async (t) => {
  for (const [what, token] of Object.entries(tokens.good)) {
    t.equal(await ask('with-tokens', '/orders', [`Authorization: Bearer ${token}`]), 200, what);
    t.equal(await ask('with-tokens', '/admin', [`Authorization: Bearer ${token}`]), 403, `${what}: /admin`);
  }
});

test('bad tokens are refused, and no token is no identity', { timeout: 300_000 }, async (t) => {
  const cases: Readonly<Record<string, readonly [status: number, ...fields: string[]]>> = {
    none: [403],
    'another scheme': [403, 'Authorization: Basic c2hvcHBlcjpzZWNyZXQ='],
    'a good one and a bad one': [
      401,
      `Authorization: Bearer ${tokens.good['signed with RSA']}`,
      `Authorization: Bearer ${tokens.bad['unsigned (alg none)']}`,
    ],
    'a bad one and a good one': [
      401,
      `Authorization: Bearer ${tokens.bad['unsigned (alg none)']}`,
      `Authorization: Bearer ${tokens.good['signed with RSA']}`,
    ],
    ...Object.fromEntries(
      Object.entries(tokens.bad).map(([what, token]) => [
        what,
        [401, `Authorization: Bearer ${token}`] as const,
      ]),
    ),
  };
  const requests = Object.entries(cases).flatMap(([what, [, ...fields]]) =>
    ['/orders', '/admin'].map((target) => getTarget(`${what}: ${target}`, target, fields)),
  );
  const results = await sendRaw(world.lab, hostOf('with-tokens'), requests);
  const seen = new Set((await witnessed(world.lab)).map((request) => fieldOf(request, 'x-id')));
  for (const { id } of requests) {
    const [expected = 0] = cases[id.slice(0, id.lastIndexOf(':'))] ?? [];
    const status = results.get(id)?.statuses[0] ?? 0;
    // What has not even the form of a token may count as none.
    t.ok((expected === 401 ? [400, 401, 403] : [expected]).includes(status), `${id} answered ${status}`);
    t.notOk(seen.has(id), `${id} did not reach the backend`);
  }
  for (const what of ['expired', 'signed with another key', 'unsigned (alg none)', 'for another audience'])
    t.equal(results.get(`${what}: /orders`)?.statuses[0], 401, what);
});
