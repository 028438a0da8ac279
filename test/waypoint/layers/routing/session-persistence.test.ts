import { test } from 'tap';
import type { HttpBackend, SessionPersistence } from '../../../../src/model/index.ts';
import { createRouteLayer } from '../../../../src/waypoint/layers/routing/route.ts';
import { createSessionLayer } from '../../../../src/waypoint/layers/routing/session/session-persistence.ts';
import {
  formatSession,
  parseSession,
} from '../../../../src/waypoint/layers/routing/session/session-token.ts';
import { compose } from '../../../../src/waypoint/request/layer.ts';
import { createRouteTable } from '../../../../src/waypoint/routing/route-table.ts';
import { DEFAULT_TRAFFIC_SETTINGS } from '../../../../src/waypoint/traffic/default-settings.ts';
import { makeWorkload, uid } from '../../../model/mesh-fixtures.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import {
  type Fields,
  makeContext,
  makeRequest,
  makeResponse,
  recordingHandler,
} from '../../request-fixtures.ts';
import {
  backend,
  echo,
  exact,
  makeMatch,
  makeRoute,
  makeRule,
  prefix,
  regex,
  shopService,
} from '../../routing/route-fixtures.ts';

const cookie: SessionPersistence = {
  type: 'cookie',
  sessionName: 'where',
  absoluteTimeoutMs: undefined,
  idleTimeoutMs: undefined,
  permanentCookie: false,
};
const header: SessionPersistence = { ...cookie, type: 'header', sessionName: 'X-Where' };

interface Setting {
  readonly ofRule?: SessionPersistence | undefined;
  readonly ofPolicy?: SessionPersistence;
  readonly backends?: readonly HttpBackend[];
  readonly path?: ReturnType<typeof prefix>;
  readonly status?: number;
}

/** Endpoints `<backend>-1`, `<backend>-2`… in turn, but the one that a session asks for if it is there. */
function meshWith(setting: Setting) {
  const { ofRule, ofPolicy, backends = [backend('v1')], path = prefix('/'), status = 200 } = setting;
  const clock = createFakeClock();
  const gone = new Set<string>();
  const leaf = recordingHandler(({ context }, index) => {
    const service = context.backend?.kind === 'service' ? context.backend.service : '';
    const turn = makeWorkload({ name: `${/^shop\/(\w+)/.exec(service)?.[1]}-${index + 1}` });
    const stuck = context.stickTo !== undefined && !gone.has(context.stickTo);
    context.record.upstream = stuck ? { ...turn, uid: context.stickTo ?? turn.uid } : turn;
    return makeResponse(status);
  });
  const rule = makeRule({ matches: [makeMatch({ path })], backends, sessionPersistence: ofRule });
  const routes = createRouteTable([makeRoute({ rules: [rule] })], echo, 80);
  const settings = { ...DEFAULT_TRAFFIC_SETTINGS, sessionPersistence: ofPolicy };
  const handler = compose(
    [createRouteLayer({ clock, random: () => 0 }), createSessionLayer({ clock })],
    leaf,
  );
  const send = async (headers: Fields = {}, target = '/') => {
    const request = makeRequest({ headers, target });
    const context = makeContext({ request, routes, settings });
    const response = await handler(request, context);
    return { headers: response.headers, endpoint: context.record.upstream?.uid.split('/').at(-1) ?? '' };
  };
  return { clock, gone, leaf, send };
}

/** What the client hands back of a Set-Cookie field. */
function cookieOf(setCookie: string | undefined): Fields {
  return { cookie: `other=1; ${setCookie?.split(';')[0]}; more=2` };
}

test('a client stays with its endpoint by a cookie', async (t) => {
  const { send } = meshWith({ ofRule: cookie });
  const first = await send();
  const setCookie = first.headers.get('set-cookie');
  t.match(setCookie, /^where=[\w-]+; Path=\/; HttpOnly$/);
  const second = await send(cookieOf(setCookie));
  t.equal(second.endpoint, first.endpoint);
  t.notOk(second.headers.has('set-cookie'), 'once given it is not given again');
  t.not((await send()).endpoint, first.endpoint, 'others go elsewhere');
});

test('a client stays with its endpoint by a header', async (t) => {
  const { send } = meshWith({ ofRule: header });
  const first = await send();
  const token = first.headers.get('x-where');
  t.match(token, /^[\w-]+$/);
  t.equal((await send({ 'x-where': token ?? '' })).endpoint, first.endpoint);
});

test('a session keeps its backend, whatever the weights say', async (t) => {
  const { send } = meshWith({ ofRule: cookie, backends: [backend('v1', 50), backend('v2', 50)] });
  const first = await send();
  const again = cookieOf(first.headers.get('set-cookie'));
  for (let count = 0; count < 10; count++) t.equal((await send(again)).endpoint, first.endpoint);
});

test('a backend without weight gets nobody, session or not', async (t) => {
  const session = { service: shopService('v2'), port: 8080, endpoint: uid('x'), startedS: 0, usedS: 0 };
  const { send } = meshWith({ ofRule: header, backends: [backend('v1', 1), backend('v2', 0)] });
  t.match((await send({ 'x-where': formatSession(session) })).endpoint, /^v1-/);
});

test('a session with what the rule does not have is none', async (t) => {
  const { send, leaf } = meshWith({ ofRule: header });
  for (const token of [
    '',
    'nonsense',
    formatSession({ ...elsewhere(), port: 1 }),
    formatSession(elsewhere()),
  ]) {
    const { headers } = await send({ 'x-where': token });
    t.equal(leaf.calls.at(-1)?.context.stickTo, undefined);
    t.ok(headers.has('x-where'), 'a new one is given');
  }
});

function elsewhere() {
  return { service: shopService('v9'), port: 8080, endpoint: uid('x'), startedS: 0, usedS: 0 };
}

test('when the endpoint is gone the client gets a new session', async (t) => {
  const { send, gone } = meshWith({ ofRule: cookie });
  const first = await send();
  gone.add(`Kubernetes//Pod/shop/${first.endpoint}`);
  const second = await send(cookieOf(first.headers.get('set-cookie')));
  t.not(second.endpoint, first.endpoint);
  const third = await send(cookieOf(second.headers.get('set-cookie')));
  t.equal(third.endpoint, second.endpoint);
});

test('a session ends after its absolute time', async (t) => {
  const { clock, send } = meshWith({ ofRule: { ...cookie, absoluteTimeoutMs: 60_000 } });
  const first = await send();
  const again = cookieOf(first.headers.get('set-cookie'));
  await clock.advance(59_000);
  t.equal((await send(again)).endpoint, first.endpoint);
  await clock.advance(2_000);
  t.not((await send(again)).endpoint, first.endpoint);
});

test('a session that is used goes on, one that is idle ends', async (t) => {
  const { clock, send } = meshWith({ ofRule: { ...cookie, idleTimeoutMs: 60_000 } });
  const first = await send();
  let again = cookieOf(first.headers.get('set-cookie'));
  for (let count = 0; count < 3; count++) {
    await clock.advance(50_000);
    const next = await send(again);
    t.equal(next.endpoint, first.endpoint);
    again = cookieOf(next.headers.get('set-cookie'));
  }
  await clock.advance(61_000);
  t.not((await send(again)).endpoint, first.endpoint);
});

test('a permanent cookie says how long it lives', async (t) => {
  const { send } = meshWith({ ofRule: { ...cookie, permanentCookie: true, absoluteTimeoutMs: 90_500 } });
  t.match((await send()).headers.get('set-cookie'), /; Max-Age=91; HttpOnly$/);
});

test('a cookie goes with the paths of its rule', async (t) => {
  const rows: [ReturnType<typeof prefix>, string, string][] = [
    [prefix('/a/b'), '/a/b/c', '/a/b'],
    [exact('/a'), '/a', '/a'],
    [regex('/a.*'), '/abc', '/'],
  ];
  for (const [path, target, expected] of rows) {
    const { send } = meshWith({ ofRule: cookie, path });
    t.match((await send({}, target)).headers.get('set-cookie'), new RegExp(`; Path=${expected};`));
  }
});

test('a policy’s persistence counts where the rule says nothing', async (t) => {
  const byPolicy = await meshWith({ ofPolicy: header }).send();
  t.ok(byPolicy.headers.has('x-where'));
  const byRule = await meshWith({ ofPolicy: header, ofRule: cookie }).send();
  t.notOk(byRule.headers.has('x-where'));
  t.ok(byRule.headers.has('set-cookie'));
  const without = await meshWith({}).send();
  t.equal(without.headers.size, 0);
});

test('a name that is none is made up, the same each time', async (t) => {
  for (const sessionName of ['', 'not a; name']) {
    const { send } = meshWith({ ofRule: { ...cookie, sessionName } });
    const first = await send();
    t.match(first.headers.get('set-cookie'), /^nodemesh-session-[0-9a-f]{8}=/);
    t.equal((await send(cookieOf(first.headers.get('set-cookie')))).endpoint, first.endpoint);
  }
});

test('nobody is bound to an endpoint that could not answer', async (t) => {
  const { send } = meshWith({ ofRule: cookie, status: 503 });
  t.notOk((await send()).headers.has('set-cookie'));
});

test('a token is read as it was written, and anything else is none', async (t) => {
  const session = { ...elsewhere(), startedS: 12, usedS: 34 };
  t.same(parseSession(formatSession(session)), session);
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  for (const text of [
    '',
    '!',
    'a'.repeat(2_000),
    encoded(1),
    encoded({}),
    encoded([1, 2]),
    encoded(['a', '1', 'b', 1, 1]),
  ])
    t.equal(parseSession(text), undefined, text.slice(0, 40));
});
