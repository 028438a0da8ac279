import { mkdirSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { test } from 'tap';
import type { ApiAnswers, ApiProblem } from '../../../src/model/index.ts';
import { createApiServer, createObservationStore, readTokenFile } from '../../../src/telemetry/index.ts';
import { observeSome, someFacts, startApi } from './api-fixture.ts';

const TOKEN = 'a-token-of-some-length';

async function problemOf(response: Response): Promise<ApiProblem['error']> {
  return ((await response.json()) as ApiProblem).error;
}

/** With a Host header of one's own, which fetch does not send. */
function statusWithHost(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    httpRequest(`${url}/api/v1/info`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

test('the graph comes with what is known of its nodes, and services with their rates', async (t) => {
  const { store, url } = await startApi(t);
  observeSome(store);
  const topology = (await (await fetch(`${url}/api/v1/topology`)).json()) as ApiAnswers['/api/v1/topology'];
  t.match(
    topology.nodes.find(({ id }) => id === 'service/shop/cart'),
    { inMesh: true, waypoint: 'shop/waypoint' },
  );
  const { services } = (await (
    await fetch(`${url}/api/v1/services?window=60`)
  ).json()) as ApiAnswers['/api/v1/services'];
  t.ok((services[0]?.rates.requests ?? 0) > 0);
  t.notOk('inMesh' in (services[0] ?? {}));
  const { workloads } = (await (
    await fetch(`${url}/api/v1/workloads`)
  ).json()) as ApiAnswers['/api/v1/workloads'];
  t.ok((workloads[0]?.rates.requests ?? 0) > 0, 'those of its workload, as it has none of its own');
});

test('a bad query gets one answer that says all that is wrong with it', async (t) => {
  const { url } = await startApi(t);
  const response = await fetch(`${url}/api/v1/flows?window=99999&limit=0&limit=2&colour=red&verdict=maybe`);
  t.equal(response.status, 400);
  const { code, message, hint } = await problemOf(response);
  t.equal(code, 'ERR_TELEMETRY_API_QUERY');
  t.match(message, /unknown parameter "colour"/);
  t.match(message, /window: expected whole seconds from 5 to 900, got "99999"/);
  t.match(message, /limit: expected .*, got 2 of them/);
  t.match(message, /verdict: expected allowed, refused, failed, got "maybe"/);
  t.match(hint, /window, source, destination/);
  t.match(await problemOf(await fetch(`${url}/api/v1/trace`)), {
    message: /id: expected 32 hexadecimal digits, got none/,
  });
  t.match(await problemOf(await fetch(`${url}/api/v1/info?x=1`)), { hint: 'this path takes no query' });
});

test('other paths and methods are told what there is', async (t) => {
  const { url } = await startApi(t);
  const missing = await fetch(`${url}/api/v1/nothing`);
  t.equal(missing.status, 404);
  t.match((await problemOf(missing)).hint, /\/api\/v1\/topology/);
  const post = await fetch(`${url}/api/v1/info`, { method: 'POST', body: 'x' });
  t.equal(post.status, 405);
  t.equal(post.headers.get('allow'), 'GET, HEAD');
  const head = await fetch(`${url}/api/v1/info`, { method: 'HEAD' });
  t.equal(head.status, 200);
  t.equal(await head.text(), '');
  t.equal((await fetch(`${url}/api/v1/live`)).status, 400);
});

test('a fault of the process is an answer, not a broken connection', async (t) => {
  const facts = someFacts({
    policies: () => {
      throw new Error('policies are not there');
    },
  });
  const { url } = await startApi(t, { facts });
  const response = await fetch(`${url}/api/v1/policies`);
  t.equal(response.status, 500);
  t.match((await problemOf(response)).message, /policies are not there/);
});

test('without a token only names of this machine are answered', async (t) => {
  const { url } = await startApi(t);
  t.equal(await statusWithHost(url, 'localhost:9'), 200);
  t.equal(await statusWithHost(url, '[::1]:15022'), 200);
  t.equal(await statusWithHost(url, 'evil.example'), 403);
  t.equal(await statusWithHost(url, '127.0.0.1.evil.example:80'), 403);
});

test('an address beyond loopback needs a token', async (t) => {
  const parts = { facts: someFacts(), store: createObservationStore({ proxy: 'x' }) };
  await t.rejects(createApiServer(parts).listen({ host: '0.0.0.0', port: 0 }), {
    code: 'ERR_TELEMETRY_API_EXPOSED',
    hint: /--dashboard-token-file/,
  });
  const open = createApiServer({ ...parts, token: TOKEN });
  t.teardown(() => open.close());
  t.equal((await open.listen({ host: '0.0.0.0', port: 0 })).host, '0.0.0.0');
});

test('with a token, everything needs it', async (t) => {
  const { url } = await startApi(t, { token: TOKEN });
  const ask = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
    (await fetch(`${url}${path}`, { headers, redirect: 'manual' })).status;
  for (const path of ['/', '/api/v1/info', '/openapi.json', '/api/v1/nothing']) t.equal(await ask(path), 401);
  t.equal(await ask('/api/v1/info', { authorization: `Bearer ${TOKEN}` }), 200);
  t.equal(await ask('/api/v1/info', { authorization: `Bearer ${TOKEN}x` }), 401);
  t.equal(await ask('/api/v1/info', { authorization: `Basic ${TOKEN}` }), 401);
  t.equal(await ask(`/api/v1/info?token=${TOKEN}`), 401, 'not in the address of anything but the first page');
  t.equal(await ask('/?token=wrong'), 401);
});

test('a browser comes once with the token in its address, and then with a cookie', async (t) => {
  const { url } = await startApi(t, { token: TOKEN });
  const first = await fetch(`${url}/?token=${TOKEN}`, { redirect: 'manual' });
  t.equal(first.status, 303);
  t.equal(first.headers.get('location'), '/');
  const cookie = first.headers.get('set-cookie') ?? '';
  t.match(cookie, /HttpOnly; SameSite=Strict/);
  t.notMatch(cookie, TOKEN, 'the token itself is not kept by the browser');
  const [pair = ''] = cookie.split(';');
  t.equal((await fetch(`${url}/api/v1/info`, { headers: { cookie: `other=1; ${pair}` } })).status, 200);
  t.equal((await fetch(`${url}/api/v1/info`, { headers: { cookie: `${pair}x` } })).status, 401);
});

test('nothing of another origin runs in its pages, and they are shown in no frame', async (t) => {
  const { url } = await startApi(t);
  for (const path of ['/', '/api/v1/info', '/nothing.js']) {
    const { headers } = await fetch(`${url}${path}`);
    t.match(headers.get('content-security-policy'), /^default-src 'self';.*frame-ancestors 'none'/);
    t.equal(headers.get('x-content-type-options'), 'nosniff');
    t.equal(headers.get('access-control-allow-origin'), null);
  }
});

test('large answers are compressed as the client wants it', async (t) => {
  const { url } = await startApi(t);
  const encodingFor = async (accepted: string): Promise<string | null> =>
    (await fetch(`${url}/openapi.json`, { headers: { 'accept-encoding': accepted } })).headers.get(
      'content-encoding',
    );
  t.equal(await encodingFor('gzip, br'), 'br');
  t.equal(await encodingFor('gzip, br;q=0'), 'gzip');
  t.equal(await encodingFor('identity'), null);
});

test('the pages are served from their folder, and from nowhere else', async (t) => {
  const pages = join(t.testdir({ 'secret.txt': 'secret' }), 'dashboard');
  const { url } = await startApi(t, { pages });
  const unbuilt = await fetch(url);
  t.equal(unbuilt.status, 200);
  t.match(await unbuilt.text(), /npm run dashboard/);
  mkdirSync(join(pages, 'assets'), { recursive: true });
  writeFileSync(join(pages, 'index.html'), '<!doctype html>first');
  writeFileSync(join(pages, 'assets/index-B1xWq3Zk.js'), 'export {};');
  writeFileSync(join(pages, '.hidden.txt'), 'x');
  const index = await fetch(url);
  t.match(index.headers.get('content-type'), 'text/html');
  t.equal(index.headers.get('cache-control'), 'no-cache');
  t.match(await index.text(), 'first');
  t.match(await (await fetch(`${url}/services/shop/cart`)).text(), 'first', 'a path of the pages');
  const etag = index.headers.get('etag') ?? '';
  t.equal((await fetch(url, { headers: { 'if-none-match': etag } })).status, 304);
  const script = await fetch(`${url}/assets/index-B1xWq3Zk.js`);
  t.match(script.headers.get('content-type'), 'text/javascript');
  t.match(script.headers.get('cache-control'), 'immutable');
  for (const path of [
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/.hidden.txt',
    '/%00.txt',
    '/a.js',
  ])
    t.equal((await fetch(`${url}${path}`)).status, 404, path);
  writeFileSync(join(pages, 'index.html'), '<!doctype html>second one');
  t.match(await (await fetch(url)).text(), 'second', 'what was built anew is seen');
});

test('a token file has one token in it', async (t) => {
  const folder = t.testdir({ good: `${TOKEN}\n`, empty: '', short: 'abc', two: `${TOKEN} ${TOKEN}` });
  t.equal(readTokenFile(join(folder, 'good')), TOKEN);
  for (const name of ['empty', 'short', 'two', 'missing'])
    t.throws(() => readTokenFile(join(folder, name)), {
      code: 'ERR_TELEMETRY_API_TOKEN_FILE',
      hint: /openssl/,
    });
});
