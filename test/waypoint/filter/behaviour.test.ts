import { Readable } from 'node:stream';
import { test } from 'tap';
import { HeaderList, readBody } from '../../../src/http/index.ts';
import type { Handler } from '../../../src/waypoint/request/layer.ts';
import { makeFilter, selectionOf } from '../admission/admission-fixtures.ts';
import { bodyOf, makeRequest, makeResponse } from '../request-fixtures.ts';
import { createFilterWorld, withFilter } from './filter-world.ts';

const REQUEST_BODY = { request: true, response: false, maximumBytes: 1_000 };
const BOTH_BODIES = { request: true, response: true, maximumBytes: 1_000 };

test('onRequest may change headers, path and method, and the backend gets that', async (t) => {
  const { send, notes } = await withFilter(
    t,
    `export function onRequest(request: { method: string }) {
       const { headers } = request;
       headers.set('X-One', headers.get('x-one') + '!');
       headers.add('x-two', '2');
       headers.delete('X-Secret');
       request.path = '/new?' + request.path.split('?')[1];
       request.method = 'PUT';
     }`,
  );
  const headers = { 'x-one': '1', 'X-Secret': 'x', 'x-kept': 'k' };
  const answer = await send(makeRequest({ method: 'POST', target: '/old?a=b', headers }));
  t.equal(answer.status, 200);
  t.same(JSON.parse(answer.text), {
    method: 'PUT',
    target: '/new?a=b',
    headers: { 'X-One': '1!', 'x-kept': 'k', 'x-two': '2' },
    body: '',
  });
  t.same(notes, ['called shop/a request ok']);
});

test('a message that is left alone goes on as it came, header by header', async (t) => {
  const { send } = await withFilter(t, 'export function onRequest() {} export function onResponse() {}');
  const list = new HeaderList([
    ['Cookie', 'a'],
    ['X-B', '\u00e4'],
    ['cookie', 'b'],
  ]);
  let seen: unknown;
  const backend: Handler = async (request) => {
    seen = [...request.headers];
    return makeResponse(200, { 'Set-Cookie': 'x' });
  };
  const answer = await send({ ...makeRequest(), headers: list }, { backend });
  t.same(seen, [...list]);
  t.same(answer.headers, { 'Set-Cookie': 'x' });
});

test('onRequest may answer itself, and nobody else sees the request', async (t) => {
  const { send, notes } = await withFilter(
    t,
    `export async function onRequest(request) {
       if (request.headers.has('x-tenant')) return;
       return { status: 403, headers: { 'X-Why': 'no tenant' }, body: 'who are you?' };
     }
     export function onResponse(response) { response.headers.set('x-seen', '1'); }`,
  );
  let calls = 0;
  const backend: Handler = async () => {
    calls += 1;
    return makeResponse(200);
  };
  const refused = await send(makeRequest(), { backend });
  t.match(refused, { status: 403, headers: { 'X-Why': 'no tenant' }, text: 'who are you?' });
  t.equal(calls, 0);
  const passed = await send(makeRequest({ headers: { 'x-tenant': 'a' } }), { backend });
  t.match(passed, { status: 200, headers: { 'x-seen': '1' } });
  t.same(notes, ['called shop/a request answered', 'called shop/a request ok', 'called shop/a response ok']);
});

test('onResponse may change status and headers, or put an answer of its own in the place of the backend’s', async (t) => {
  const { send } = await withFilter(
    t,
    `export function onResponse(response, context) {
       if (response.status === 500) return { status: 503, headers: [['retry-after', '1']], body: 'later' };
       response.status = 202;
       response.headers.delete('server');
       response.headers.set('x-route', context.service.name);
     }`,
  );
  const changed = await send(makeRequest(), {
    backend: async () => makeResponse(200, { Server: 'old' }, bodyOf('as it was')),
  });
  t.match(changed, { status: 202, headers: { 'x-route': 'echo' }, text: 'as it was' });
  t.notOk('Server' in changed.headers);
  const stream = new Readable({ read: () => undefined });
  const replaced = await send(makeRequest(), {
    backend: async () => makeResponse(500, {}, { stream, length: undefined, trailers: () => undefined }),
  });
  t.match(replaced, { status: 503, headers: { 'retry-after': '1' }, text: 'later' });
  t.ok(stream.destroyed, 'what the backend still sends is given up');
});

test('bodies are seen and replaced where the filter has access, and are whole', async (t) => {
  const { send } = await withFilter(
    t,
    `export function onRequest(request) {
       request.body = new TextDecoder().decode(request.body).toUpperCase();
     }
     export function onResponse(response) {
       const text = new TextDecoder().decode(response.body);
       response.body = new TextEncoder().encode('<' + JSON.parse(text).body + '>');
     }`,
    { body: BOTH_BODIES },
  );
  const answer = await send(makeRequest({ method: 'POST', body: bodyOf('in ', 'several ', 'pieces') }));
  t.equal(answer.text, '<IN SEVERAL PIECES>');
  t.equal((await send(makeRequest())).text, '<>', 'no body is an empty one');
});

test('without access a body is not read, and goes by as it comes', async (t) => {
  const { send } = await withFilter(
    t,
    `export function onRequest(request) { request.headers.set('x-body', typeof request.body); }
     export function onResponse(response) { response.headers.set('x-body', typeof response.body); }`,
  );
  const answer = await send(makeRequest({ method: 'POST', body: bodyOf('x'.repeat(5_000)) }));
  t.equal(JSON.parse(answer.text).body.length, 5_000);
  t.equal(JSON.parse(answer.text).headers['x-body'], 'undefined');
  t.equal(answer.headers['x-body'], 'undefined');
});

test('a client that waits for 100 gets it before its body is read, and nobody behind the filter sends another', async (t) => {
  const { send } = await withFilter(t, 'export function onRequest() {}', { body: REQUEST_BODY });
  const interim: number[] = [];
  const stream = new Readable({ read: () => undefined });
  let expected: boolean | undefined;
  const request = makeRequest({
    method: 'POST',
    expectContinue: true,
    body: { stream, length: 5, trailers: () => undefined },
  });
  const answer = await send(request, {
    context: {
      informational(status) {
        interim.push(status);
        stream.push('hello');
        stream.push(null);
      },
    },
    backend: async ({ body, expectContinue }) => {
      expected = expectContinue;
      return makeResponse(200, {}, bodyOf((await readBody(body, 100)).toString()));
    },
  });
  t.same([answer.text, interim, expected], ['hello', [100], false]);
});

test('what comes behind a body stays behind it', async (t) => {
  const { send } = await withFilter(
    t,
    'export function onResponse(response) { response.body = response.headers.get("x-new") ?? response.body; }',
    { body: BOTH_BODIES },
  );
  for (const fields of [{ 'x-new': 'another' }, { 'x-new': '' }, { 'x-other': '' }]) {
    let answered: Awaited<ReturnType<Handler>> | undefined;
    await send(makeRequest(), {
      backend: async () => {
        const trailers = () => new HeaderList([['grpc-status', '0']]);
        answered = makeResponse(200, fields, { ...bodyOf('old'), trailers });
        return answered;
      },
    });
    t.equal(answered?.body.trailers()?.get('grpc-status'), '0');
  }
});

test('a change to another protocol goes by onResponse', async (t) => {
  const { send, notes } = await withFilter(t, 'export function onResponse() { return { status: 500 }; }');
  const tunnel = {} as never;
  await send(makeRequest({ upgrade: 'websocket' }), {
    backend: async () => ({ ...makeResponse(101), tunnel }),
  }).catch(() => undefined);
  t.same(notes, []);
});

test('the context says who asks, for what and by which rule; config is the filter’s', async (t) => {
  const { send } = await withFilter(
    t,
    `export function onRequest(request, context) {
       const { client, service, route, config } = context;
       const frozen = Object.isFrozen(config) && Object.isFrozen(config.list) && Object.isFrozen(client);
       return { status: 200, body: JSON.stringify({ client, service, route, config, frozen,
         request: [request.authority, request.scheme, request.version] }) };
     }`,
    { config: '{"list":[1,{"a":null}],"on":true}' },
  );
  const selection = selectionOf([], { name: 'pay' });
  const answer = await send(makeRequest(), { context: { route: () => selection } });
  t.same(JSON.parse(answer.text), {
    client: {
      principal: 'spiffe://cluster.local/ns/shop/sa/client',
      trustDomain: 'cluster.local',
      namespace: 'shop',
      serviceAccount: 'client',
      address: '10.0.0.9',
      port: 40000,
    },
    service: { name: 'echo', namespace: 'shop', hostname: 'echo.shop.svc.cluster.local', port: 80 },
    route: { kind: 'HTTPRoute', namespace: 'shop', name: 'r', rule: 'pay' },
    config: { list: [1, { a: null }], on: true },
    frozen: true,
    request: ['echo', 'http', '1.1'],
  });
});

test('variables live as long as the process, locals as long as their request', async (t) => {
  const { send } = await withFilter(
    t,
    `let count = 0;
     export function onRequest(request, { locals }) { count += 1; locals.number = count; }
     export async function onResponse(response, { locals }) {
       await new Promise((resolve) => setTimeout(resolve, 5));
       response.headers.set('x-number', String(locals.number));
     }`,
  );
  const answers = await Promise.all(Array.from({ length: 20 }, () => send()));
  const numbers = answers.map(({ headers }) => Number(headers['x-number']));
  t.same(
    numbers.sort((a, b) => a - b),
    Array.from({ length: 20 }, (_none, index) => index + 1),
  );
});

test('what a filter says is in the log of the waypoint, and no more than so many lines of it', async (t) => {
  const { send, lines, until } = await withFilter(
    t,
    `export function onRequest(request, { log }) {
       log.warn('careful', { path: request.path });
       console.log('plain', { a: 1 }, 2n);
       console.error(new Error('shown'));
       for (let line = 0; line < 1000; line++) log.info('flood');
     }`,
  );
  await send(makeRequest({ target: '/x' }));
  await until('the log', () => lines.some((line) => line.includes('flood')));
  const said = lines.filter((line) => line.includes('filter says'));
  t.equal(said.length, 20);
  t.match(said[0], /^warn .*"text":"careful","fields":\{"path":"\/x"\}/);
  t.match(said[1], /^info .*plain \{.*\} 2/);
  t.match(said[2], /^error .*Error: shown/);
});

test('filters see a request from the widest to the narrowest, and its answer the other way round', async (t) => {
  const world = createFilterWorld(t);
  const code = (name: string) => `
    export function onRequest(request) {
      request.headers.set('x-way', (request.headers.get('x-way') ?? '') + '${name}');
      if (request.headers.get('x-stop') === '${name}') return { status: 200, body: request.headers.get('x-way') };
    }
    export function onResponse(response) {
      response.headers.set('x-back', (response.headers.get('x-back') ?? '') + '${name}');
    }`;
  const filters = ['a', 'b', 'c'].map((name, index) => makeFilter(code(name), { name, createdMs: index }));
  world.apply(...filters);
  await world.until('three filters', () => world.host.running === 3);
  const through = await world.send();
  t.equal(JSON.parse(through.text).headers['x-way'], 'abc');
  t.equal(through.headers['x-back'], 'cba');
  const stopped = await world.send(makeRequest({ headers: { 'x-stop': 'b' } }));
  t.match(stopped, { text: 'ab', headers: { 'x-back': 'a' } });
});

test('a rule’s filter that is not there is answered with 500', async (t) => {
  const { send } = await withFilter(t, 'export function onRequest() {}', { attachments: [] });
  const object = makeFilter('', { name: 'gone' }).key;
  const context = { route: () => selectionOf([{ type: 'extension', object, missing: false }]) };
  t.match(await send(makeRequest(), { context }), { status: 500, error: 'ERR_WAYPOINT_EXTENSION_MISSING' });
});

test('what JavaScript and the web have in common is there', async (t) => {
  const { send } = await withFilter(
    t,
    `export async function onRequest(request) {
       const key = await crypto.subtle.importKey('raw', new TextEncoder().encode('k'),
         { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
       const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, new TextEncoder().encode('m')));
       const url = new URL(request.path, 'http://' + request.authority);
       const copy = structuredClone({ at: [url.searchParams.get('q')] });
       const signal = AbortSignal.timeout(1);
       await new Promise((resolve) => signal.addEventListener('abort', resolve));
       const random = crypto.getRandomValues(new Uint8Array(8)).length + crypto.randomUUID().length;
       return { status: 200, body: JSON.stringify([mac.length, copy, random, atob(btoa('x')), new Intl.NumberFormat('en').format(1e6)]) };
     }`,
  );
  const answer = await send(makeRequest({ target: '/?q=1' }));
  t.equal(answer.message, '');
  t.same(JSON.parse(answer.text), [32, { at: ['1'] }, 44, 'x', '1,000,000']);
});
