import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Test, test } from 'tap';
import { type LogFields, silentLogger } from '../../../src/base/index.ts';
import { createKeyStore, type FetchDocument } from '../../../src/waypoint/authentication/keys/index.ts';
import { authenticate } from '../../../src/waypoint/authentication/authenticate.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { makeRequest } from '../request-fixtures.ts';
import { createIssuer, NOW_SECONDS } from './support/issuer.ts';
import { jwtRule, planOf } from './support/rules.ts';

const first = await createIssuer('https://issuer.example', 'ES256', 'one');
const second = await createIssuer('https://issuer.example', 'ES256', 'two');
const RULE = jwtRule({ issuer: first.issuer, keys: { kind: 'uri', uri: 'https://issuer.example/keys' } });

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text?: string;
}

/** A server that answers as it is told, for tests that move time. */
function scripted(answer: (url: string, index: number) => Answer | Promise<Answer>) {
  const urls: string[] = [];
  const fetch: FetchDocument = async (url) => {
    urls.push(url);
    const { status = 200, headers = {}, text = '' } = await answer(url, urls.length - 1);
    const map = new Map(Object.entries(headers));
    return {
      status,
      headers: { get: (name) => map.get(name) ?? null },
      body: (async function* () {
        yield Buffer.from(text);
      })(),
    };
  };
  return { urls, fetch };
}

function storeOf(t: Test, answer: Parameters<typeof scripted>[0]) {
  const clock = createFakeClock(NOW_SECONDS * 1_000);
  const server = scripted(answer);
  const store = createKeyStore({ fetch: server.fetch, clock });
  t.teardown(async () => {
    await store.close();
    if (clock.pending > 0) throw new Error(`${clock.pending} timers are left`);
  });
  return { clock, store, urls: server.urls };
}

const keyOf = async (source: ReturnType<ReturnType<typeof createKeyStore>['sourceFor']>, kid: string) =>
  (await source.current()).candidates({ alg: 'ES256', kid }).length;

test('keys are fetched ahead of the first token, and again when they are no longer fresh', async (t) => {
  const { clock, store, urls } = storeOf(t, (_url, index) => ({
    text: index === 0 ? first.jwks : second.jwks,
    headers: { 'cache-control': 'public, max-age=120', age: '20' },
  }));
  store.follow([RULE, { ...RULE, keys: { kind: 'inline', jwks: first.jwks } }, RULE]);
  await clock.advance(0);
  t.same(urls, ['https://issuer.example/keys'], 'once, however many want them');
  const source = store.sourceFor(RULE);
  t.equal(await keyOf(source, 'one'), 1);
  await clock.advance(99_999);
  t.equal(urls.length, 1);
  await clock.advance(1);
  t.equal(urls.length, 2);
  t.equal(await keyOf(source, 'two'), 1);
  t.equal(await keyOf(source, 'one'), 0);
});

for (const [what, cacheControl, delayMs] of [
  ['nothing', '', 300_000],
  ['that they may not be kept', 'no-store', 60_000],
  ['a second', 'max-age=1', 60_000],
  ['a year', 'max-age=31536000', 3_600_000],
] as const) {
  test(`keys whose server says ${what} about their age are fetched again in good time`, async (t) => {
    const { clock, store, urls } = storeOf(t, () => ({
      text: first.jwks,
      headers: { 'cache-control': cacheControl },
    }));
    store.follow([RULE]);
    await clock.advance(delayMs - 1);
    t.equal(urls.length, 1);
    await clock.advance(1);
    t.equal(urls.length, 2);
  });
}

const FAILURES: readonly (readonly [string, Answer, RegExp])[] = [
  ['a status', { status: 503, text: first.jwks }, /expected 200 from .*, got 503/],
  ['what is no key set', { text: '{"a":1}' }, /expected a JSON Web Key Set/],
  ['no JSON', { text: '<html>' }, /expected a JSON Web Key Set/],
  [
    'a set without keys for signatures',
    { text: '{"keys":[{"kty":"oct","k":"AA"}]}' },
    /expected keys for signatures/,
  ],
  ['too much', { text: 'x'.repeat(300_000) }, /at most 262144 bytes/],
];
for (const [what, answer, problem] of FAILURES) {
  test(`keys are not replaced by ${what}, and it is tried again`, async (t) => {
    const { clock, store, urls } = storeOf(t, (_url, index) => (index === 0 ? { text: first.jwks } : answer));
    store.follow([RULE]);
    await clock.advance(300_000);
    t.equal(urls.length, 2);
    t.match(store.status(), [{ issuer: first.issuer, keys: 1, problem }]);
    t.equal(await keyOf(store.sourceFor(RULE), 'one'), 1, 'the last good ones stay');
    await clock.advance(1_300);
    t.ok(urls.length >= 3, 'soon');
    const before = urls.length;
    await clock.advance(600_000);
    t.ok(urls.length - before < 30, 'and then more and more seldom');
  });
}

test('without keys no token is good, and the client may try again', async (t) => {
  const { clock, store } = storeOf(t, () => ({ status: 500 }));
  store.follow([RULE]);
  await clock.advance(0);
  const request = makeRequest({ headers: { authorization: `Bearer ${await first.sign()}` } });
  await t.rejects(authenticate(request, planOf([RULE], store), clock), {
    code: 'ERR_WAYPOINT_TOKEN_KEYS',
    reason: 'token_keys_unavailable',
    retryable: true,
    message: /got 500/,
  });
});

test('a token that comes before the first keys waits for them', async (t) => {
  const answered = Promise.withResolvers<Answer>();
  const { clock, store } = storeOf(t, () => answered.promise);
  const request = makeRequest({ headers: { authorization: `Bearer ${await first.sign()}` } });
  const result = authenticate(request, planOf([RULE], store), clock);
  answered.resolve({ text: first.jwks });
  t.equal((await result).tokens.length, 1);
});

test('keys that cannot be fetched are told with a code and what to look at, and a time that people can read', async (t) => {
  const clock = createFakeClock(NOW_SECONDS * 1_000);
  const said: LogFields[] = [];
  const log = { ...silentLogger, warn: (_message: string, fields: LogFields = {}) => said.push(fields) };
  const { fetch } = scripted(() => ({ status: 503 }));
  const store = createKeyStore({ fetch, clock, log });
  store.follow([RULE]);
  await clock.advance(0);
  t.match(said, [{ error: { code: 'ERR_WAYPOINT_TOKEN_KEYS', hint: /jwksUri/, cause: Error } }]);
  t.ok(Number.isInteger(said[0]?.retryMs));
  await store.close();
});

test('an issuer that does not answer in time costs no token more than that', async (t) => {
  const { clock, store } = storeOf(t, () => new Promise<Answer>(() => undefined));
  const request = makeRequest({ headers: { authorization: `Bearer ${await first.sign()}` } });
  const result = authenticate(request, planOf([RULE], store), clock);
  const rejected = t.rejects(result, {
    code: 'ERR_WAYPOINT_TOKEN_KEYS',
    message: /no answer within 5s/,
  });
  await clock.advance(5_000);
  await rejected;
});

test('a key that is not known is looked for, though not for every token that names one', async (t) => {
  const { clock, store, urls } = storeOf(t, (_url, index) => ({
    text: index === 0 ? first.jwks : second.jwks,
  }));
  const plan = planOf([RULE], store);
  await clock.advance(10_000);
  const of = async (sign: typeof first.sign, header = {}) =>
    authenticate(
      makeRequest({ headers: { authorization: `Bearer ${await sign({}, header)}` } }),
      plan,
      clock,
    );
  t.equal((await of(second.sign)).tokens.length, 1);
  t.equal(urls.length, 2);
  for (let count = 0; count < 20; count++)
    await t.rejects(of(second.sign, { kid: `made-up-${count}` }), { code: 'ERR_WAYPOINT_TOKEN_INVALID' });
  t.equal(urls.length, 2);
  await clock.advance(10_000);
  await t.rejects(of(second.sign, { kid: 'made-up' }), { code: 'ERR_WAYPOINT_TOKEN_INVALID' });
  t.equal(urls.length, 3);
});

test('where no URL is given, the issuer says where its keys are', async (t) => {
  const rule = jwtRule({ issuer: first.issuer, keys: { kind: 'discovery' } });
  const document = { issuer: first.issuer, jwks_uri: 'https://elsewhere.example/k' };
  const { clock, store, urls } = storeOf(t, (url) =>
    url.includes('well-known') ? { text: JSON.stringify(document) } : { text: first.jwks },
  );
  store.follow([rule]);
  await clock.advance(0);
  t.same(urls, ['https://issuer.example/.well-known/openid-configuration', 'https://elsewhere.example/k']);
  t.equal(await keyOf(store.sourceFor(rule), 'one'), 1);
});

test('the configuration of another issuer, or one without keys, is none', async (t) => {
  const rule = jwtRule({ issuer: first.issuer, keys: { kind: 'discovery' } });
  for (const [document, problem] of [
    [{ issuer: 'https://evil.example', jwks_uri: 'https://evil.example/k' }, /got that of https:\/\/evil/],
    [{ issuer: first.issuer, jwks_uri: 'file:///etc/passwd' }, /expected the URL of keys/],
    [{ issuer: first.issuer }, /expected the URL of keys/],
  ] as const) {
    const { clock, store } = storeOf(t, () => ({ text: JSON.stringify(document) }));
    store.follow([rule]);
    await clock.advance(0);
    t.match(store.status(), [{ problem }]);
  }
});

test('keys that no rule wants any more are let go', async (t) => {
  const { clock, store, urls } = storeOf(t, () => ({ text: first.jwks }));
  store.follow([RULE]);
  await clock.advance(0);
  store.follow([]);
  t.same(store.status(), []);
  await clock.advance(3_600_000);
  t.equal(urls.length, 1);
});

/** A real server, and the runtime's own fetch. */
async function serve(t: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => new Promise((resolve) => server.close(resolve)));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const fetchWithout: FetchDocument = (url, options) =>
  fetch(url, { ...options, headers: { ...options.headers, connection: 'close' } });

test('keys come over HTTP', async (t) => {
  const url = await serve(t, (_request, response) => {
    response.setHeader('cache-control', 'max-age=600').end(first.jwks);
  });
  const store = createKeyStore({ fetch: fetchWithout });
  t.teardown(() => store.close());
  const rule = jwtRule({ issuer: first.issuer, keys: { kind: 'uri', uri: `${url}/keys` } });
  t.equal(await keyOf(store.sourceFor(rule), 'one'), 1);
});

test('a server that never stops sending is left', async (t) => {
  const url = await serve(t, (_request, response) => {
    const more = (): void =>
      void (response.write('x'.repeat(65_536)) ? setImmediate(more) : response.once('drain', more));
    response.on('error', () => undefined);
    more();
  });
  const store = createKeyStore({ fetch: fetchWithout });
  t.teardown(() => store.close());
  const rule = jwtRule({ issuer: first.issuer, keys: { kind: 'uri', uri: url } });
  await t.rejects(store.sourceFor(rule).current(), {
    code: 'ERR_WAYPOINT_TOKEN_KEYS',
    message: /at most 262144 bytes/,
  });
});
