import type { ServerResponse } from 'node:http';
import { test } from 'tap';
import type { Authorizer, HeaderPattern, HttpAuthorizer } from '../../../src/model/index.ts';
import { createSender } from '../../../src/waypoint/layers/create-handler.ts';
import { keyOf } from '../../model/mesh-fixtures.ts';
import { policyOf } from '../../policy/support/requests.ts';
import { bodyOf, fieldsOf, makeRequest, makeResponse } from '../request-fixtures.ts';
import { textOf, withUpstreams } from '../support/upstream-world.ts';
import { type AskedHttp, httpAuthorizer } from './support/authorizer-servers.ts';
import { guardedService, makeAuthorizer, overHttp } from './support/guarded-service.ts';

const ASK = policyOf('ask', { kind: 'custom', provider: 'opa' }, [{}]);
const exactly = (value: string): HeaderPattern => ({ kind: 'exact', value });

async function withAuthorizer(
  answer: (response: ServerResponse, asked: AskedHttp) => void,
  { protocol = {}, ...over }: Omit<Partial<Authorizer>, 'protocol'> & { protocol?: Partial<HttpAuthorizer> },
  run: (world: ReturnType<typeof guardedService> & { asked: readonly AskedHttp[] }) => Promise<void>,
): Promise<void> {
  await withUpstreams({}, async ({ service, upstreams, addEndpoint }) => {
    const { server, asked } = httpAuthorizer(answer);
    await addEndpoint('opa-1', server);
    const guarded = guardedService({
      policies: [ASK],
      authorizers: [makeAuthorizer(keyOf(service), { protocol: overHttp(protocol), ...over })],
      send: createSender(upstreams),
      backend: async ({ body }) =>
        makeResponse(200, { 'x-from': 'backend' }, bodyOf(await textOf(makeResponse(200, {}, body)))),
    });
    await run({ ...guarded, asked });
  });
}

const say =
  (status: number, headers: Readonly<Record<string, string | string[]>> = {}, body = '') =>
  (response: ServerResponse) => {
    response.writeHead(status, headers).end(body);
  };

test('the question is the request with what of it the authorizer is to see', async (t) => {
  const protocol: Partial<HttpAuthorizer> = {
    pathPrefix: '/check',
    includeHeaders: [exactly('x-id'), { kind: 'prefix', value: 'x-a-' }, { kind: 'suffix', value: '-z' }],
    additionalHeaders: [
      { name: 'X-Mesh', value: 'yes' },
      { name: 'x-id', value: 'ours' },
      { name: 'host', value: 'no' },
    ],
  };
  await withAuthorizer(say(200), { protocol }, async ({ send, asked }) => {
    const headers = {
      authorization: 'Bearer abc',
      'X-Id': 'theirs',
      'x-a-b': '1',
      'b-z': '2',
      'x-other': '3',
      cookie: 'secret',
    };
    const request = makeRequest({ method: 'DELETE', target: '/p?q=1', authority: 'echo:8080', headers });
    t.equal((await send(request)).status, 200);
    const [question] = asked;
    t.match(question, { method: 'DELETE', url: '/check/p?q=1', body: '' });
    const { connection: _, 'content-length': length, ...seen } = question?.headers ?? {};
    t.same(seen, {
      host: 'echo:8080',
      authorization: 'Bearer abc',
      'x-id': 'ours',
      'x-a-b': '1',
      'b-z': '2',
      'x-mesh': 'yes',
    });
    t.ok(length === undefined || length === '0');
  });
});

test('a 200 lets through, with the headers that are to go both ways', async (t) => {
  const protocol: Partial<HttpAuthorizer> = {
    toUpstreamOnAllow: [exactly('x-user')],
    toDownstreamOnAllow: [{ kind: 'prefix', value: 'set-' }, exactly('x-from')],
  };
  const answer = say(200, {
    'x-user': 'alice',
    'x-other': 'no',
    'set-cookie': ['a', 'b'],
    'x-from': 'opa',
    'x-envoy-auth-headers-to-remove': 'Authorization, x-drop',
  });
  await withAuthorizer(answer, { protocol }, async ({ send, passed, outcomes }) => {
    const headers = { 'x-user': 'root', authorization: 'x', 'x-drop': '1', 'x-keep': '2' };
    const response = await send(makeRequest({ headers }));
    const request = passed.calls[0]?.request;
    t.same(request && fieldsOf(request.headers), { 'x-user': 'alice', 'x-keep': '2' });
    t.same(
      [...response.headers],
      [
        ['x-from', 'opa'],
        ['set-cookie', 'a'],
        ['set-cookie', 'b'],
      ],
    );
    t.same(outcomes, ['opa allowed']);
  });
});

test('anything else below 500 is a refusal that is passed on', async (t) => {
  const answer = say(302, { location: '/login', 'x-why': 'session', 'content-type': 'text/html' }, '<a>');
  await withAuthorizer(answer, {}, async ({ send, passed, outcomes }) => {
    const response = await send();
    t.equal(response.status, 302);
    t.match(fieldsOf(response.headers), {
      location: '/login',
      'x-why': 'session',
      'content-type': 'text/html',
    });
    t.equal(await textOf(response), '<a>');
    t.equal(passed.calls.length, 0);
    t.same(outcomes, ['opa denied']);
  });
  for (const status of [201, 204, 401, 403, 404, 499])
    await withAuthorizer(say(status), {}, async ({ send, passed }) => {
      t.equal((await send()).status, status);
      t.equal(passed.calls.length, 0);
    });
});

test('of a refusal the client gets what the authorizer is allowed to tell', async (t) => {
  const answer = say(401, { 'www-authenticate': 'Bearer', 'x-why': 'session', 'x-secret': '1' });
  const protocol = { toDownstreamOnDeny: [exactly('x-why')] };
  await withAuthorizer(answer, { protocol }, async ({ send }) => {
    t.same(fieldsOf((await send()).headers), { 'www-authenticate': 'Bearer', 'x-why': 'session' });
  });
});

test('an authorizer that fails says nothing about the request', async (t) => {
  const failing = [
    say(500, {}, 'oops'),
    say(200, {}, 'x'.repeat(2_000_000)),
    (response: ServerResponse) => response.destroy(),
  ];
  for (const answer of failing) {
    await withAuthorizer(answer, {}, async ({ send, passed }) => {
      await t.rejects(send(), { code: 'ERR_WAYPOINT_AUTHORIZER' });
      t.equal(passed.calls.length, 0);
    });
    await withAuthorizer(answer, { failOpen: true }, async ({ send }) => {
      t.equal((await send()).status, 200);
    });
  }
});

test('the beginning of a body goes with the question', async (t) => {
  const requestBody = { maxBytes: 4, allowPartial: true, asBytes: false };
  await withAuthorizer(say(200), { requestBody }, async ({ send, asked }) => {
    const response = await send(makeRequest({ method: 'POST', body: bodyOf('hello') }));
    t.equal(await textOf(response), 'hello');
    t.match(asked[0], { method: 'POST', body: 'hell' });
    t.match(asked[0]?.headers, { 'content-length': '4', 'x-envoy-auth-partial-body': 'true' });
  });
});
