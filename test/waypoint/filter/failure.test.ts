import { test } from 'tap';
import { HttpError, readBody } from '../../../src/http/index.ts';
import type { Filter } from '../../../src/model/index.ts';
import { makeFilter } from '../admission/admission-fixtures.ts';
import { bodyOf, makeRequest, makeResponse } from '../request-fixtures.ts';
import { createFilterWorld, type SendOptions, withFilter } from './filter-world.ts';

const MIB = 1024 * 1024;

/** [what onRequest does, what the client of a closed filter gets, a part of what the operator is told]. */
const TROUBLES: readonly (readonly [string, number, string, RegExp])[] = [
  [
    'throw new Error("boo")',
    500,
    'ERR_WAYPOINT_FILTER_FAILED',
    /onRequest: Error: boo \| at .*filter\.ts:1:/,
  ],
  ['throw undefined', 500, 'ERR_WAYPOINT_FILTER_FAILED', /threw undefined/],
  ['return Promise.reject(new TypeError("late"))', 500, 'ERR_WAYPOINT_FILTER_FAILED', /TypeError: late/],
  ['return 5', 500, 'ERR_WAYPOINT_FILTER_FAILED', /expected an answer/],
  ['return { status: 99 }', 500, 'ERR_WAYPOINT_FILTER_FAILED', /status from 200 to 599, got 99/],
  ['return { status: 200, body: 7 }', 500, 'ERR_WAYPOINT_FILTER_FAILED', /body of text or bytes/],
  [
    'request.headers.set("Content-Length", "1")',
    500,
    'ERR_WAYPOINT_FILTER_FAILED',
    /Content-Length cannot be set/,
  ],
  ['request.headers.set("x", "a\\r\\nb: c")', 500, 'ERR_WAYPOINT_FILTER_FAILED', /control characters/],
  ['request.headers.set("x y", "a")', 500, 'ERR_WAYPOINT_FILTER_FAILED', /name of a header/],
  ['request.path = "http://elsewhere/"', 500, 'ERR_WAYPOINT_FILTER_FAILED', /path that begins with \//],
  ['request.path = "/a b"', 500, 'ERR_WAYPOINT_FILTER_FAILED', /path that begins with \//],
  ['request.method = "CONNECT"', 500, 'ERR_WAYPOINT_FILTER_FAILED', /expected a method/],
  ['context.locals.x = "x".repeat(5000)', 500, 'ERR_WAYPOINT_FILTER_FAILED', /locals of at most 4096/],
  ['context.config.x = 1', 500, 'ERR_WAYPOINT_FILTER_FAILED', /TypeError/],
];

for (const failure of ['closed', 'open'] as const) {
  test(`a filter that throws or gives what makes no sense fails ${failure}, and nothing else`, async (t) => {
    const cases = TROUBLES.map(([code], index) => `case '${index}': ${code}; break;`).join(' ');
    const { send, notes, until } = await withFilter(
      t,
      `export function onRequest(request, context) { switch (request.headers.get('x-case')) { ${cases} } }`,
      { failure },
    );
    for (const [index, [code, status, error, message]] of TROUBLES.entries()) {
      const answer = await send(makeRequest({ headers: { 'x-case': String(index) } }));
      if (failure === 'open') t.match(answer, { status: 200, error: undefined }, code);
      else t.match(answer, { status, error, message }, code);
    }
    t.equal((await send()).status, 200, 'the next one is served');
    t.equal(notes.filter((note) => note === 'called shop/a request failed').length, TROUBLES.length);
    t.notOk(
      notes.some((note) => note.startsWith('ended')),
      'the process lives on',
    );
    await until('nothing', () => true);
  });
}

test('an answer that its filter fails on is 502, and what the backend sends is given up; open lets it go', async (t) => {
  for (const failure of ['closed', 'open'] as const) {
    const { send } = await withFilter(t, 'export function onResponse() { throw new Error("no"); }', {
      failure,
    });
    const response = makeResponse(200, {}, bodyOf('fine'));
    const answer = await send(makeRequest(), { backend: async () => response });
    if (failure === 'open') t.match(answer, { status: 200, text: 'fine' });
    else {
      t.match(answer, { status: 502, error: 'ERR_WAYPOINT_FILTER_FAILED', message: /onResponse/ });
      t.ok(response.body.stream?.destroyed);
    }
  }
});

test('a call that takes too long fails alone: others and the process go on', async (t) => {
  const { send, notes } = await withFilter(
    t,
    `export async function onRequest(request) {
       if (request.path === '/slow') await new Promise(() => undefined);
       if (request.path === '/fine') await new Promise((resolve) => setTimeout(resolve, 150));
     }`,
    { timeLimitMs: 300 },
  );
  const fine = send(makeRequest({ target: '/fine' }));
  const slow = await send(makeRequest({ target: '/slow' }));
  t.match(slow, { status: 500, error: 'ERR_WAYPOINT_FILTER_TIMEOUT', message: /within 300ms/ });
  t.equal((await fine).status, 200);
  t.equal((await send()).status, 200);
  t.notOk(notes.some((note) => note.startsWith('ended')));
});

test('an endless loop ends the process; requests that it had not begun are served by the next', async (t) => {
  const { send, notes, until, host } = await withFilter(
    t,
    `let alive = 0;
     export async function onRequest(request) {
       if (request.path === '/loop') for (;;) alive += 1;
       if (request.path === '/begun') await new Promise(() => undefined);
     }`,
    { timeLimitMs: 200 },
  );
  const begun = send(makeRequest({ target: '/begun' }));
  const loop = send(makeRequest({ target: '/loop' }));
  const behind = Promise.all(Array.from({ length: 50 }, () => send()));
  t.match(await loop, { status: 500, error: 'ERR_WAYPOINT_FILTER_TIMEOUT' });
  t.match((await begun).status, 500);
  t.same(new Set((await behind).map(({ status }) => status)), new Set([200]));
  await until('the end of the process', () => notes.includes('ended shop/a stuck'));
  await until('the next process', () => host.running === 1);
});

test('more memory than allowed ends the process, whether in its heap or beside it', async (t) => {
  const heap = 'const kept = []; for (;;) kept.push(new Array(1000).fill(kept.length))';
  const buffers = 'const kept = []; for (;;) kept.push(new Uint8Array(8 * 1024 * 1024).fill(1))';
  for (const code of [heap, buffers]) {
    const { send, notes, until } = await withFilter(
      t,
      `export function onRequest(request) { if (request.path === '/eat') { ${code}; } }`,
      { memoryBytes: 32 * MIB, timeLimitMs: 20_000 },
    );
    const eaten = await send(makeRequest({ target: '/eat' }));
    t.equal(eaten.status, 500);
    // Where a single allocation fails, the module is told so and may live on: its memory is free again.
    if (eaten.error === 'ERR_WAYPOINT_FILTER_FAILED') t.match(eaten.message, /allocation|memory/i);
    else
      await until('the end of the process', () =>
        notes.some((note) => /ended shop\/a (memory|crashed)/.test(note)),
      );
    t.equal((await send()).status, 200);
  }
});

test('a process that crashes takes the requests along that it had begun, and comes back', async (t) => {
  const { send, notes, until } = await withFilter(
    t,
    `export async function onRequest(request) {
       if (request.path === '/crash') setTimeout(() => { throw new Error('nobody catches me'); }, 10);
       if (request.path !== '/') await new Promise((resolve) => setTimeout(resolve, 3_000));
     }`,
  );
  const statuses = await Promise.all(
    ['/begun', '/begun', '/crash'].map((target) => send(makeRequest({ target }))),
  );
  for (const answer of statuses) t.match(answer, { status: 500, error: 'ERR_WAYPOINT_FILTER_CRASHED' });
  await until('the end', () => notes.includes('ended shop/a crashed'));
  t.equal((await send()).status, 200);
});

test('a filter that ends again and again refuses at once, or lets pass, until it lives again', async (t) => {
  for (const failure of ['closed', 'open'] as const) {
    const world = createFilterWorld(t);
    const code = (crash: boolean) =>
      `${crash ? 'setTimeout(() => { throw new Error("again"); }, 1);' : ''} export function onRequest() { return { status: 204 }; }`;
    world.apply(makeFilter(code(true), { failure }));
    await world.until('some ends', () => world.notes.filter((note) => note.includes('crashed')).length >= 4);
    const statuses = new Set<number>();
    for (let round = 0; round < 20; round++) statuses.add((await world.send()).status);
    t.ok(statuses.has(failure === 'open' ? 200 : 500), [...statuses].join());
    world.apply(makeFilter(code(false), { failure }));
    await world.until('the new version', () => world.host.running === 1);
    t.equal((await world.send()).status, 204);
  }
});

test('a module that cannot be loaded refuses with the reason, or lets pass', async (t) => {
  const broken: readonly (readonly [string, RegExp])[] = [
    ['const a: number = ;', /Expression expected.*filter\.ts:1/],
    ['\n\nenum Color { Red }', /enum is not supported.*filter\.ts:3/],
    ['export const onRequest = 5', /onRequest to be a function/],
    ['export const other = 5', /exports onRequest or onResponse/],
    ['import fs from "node:fs"; export function onRequest() {}', /may import nothing, got node:fs/],
    ['throw new Error("at the top"); export function onRequest() {}', /at the top/],
    ['const twice = 1; const twice = 2; export function onRequest() {}', /already been declared/],
  ];
  for (const [code, reason] of broken) {
    const world = createFilterWorld(t);
    world.apply(makeFilter(code));
    const answer = await world.send();
    t.match(answer, { status: 500, error: 'ERR_WAYPOINT_FILTER_UNAVAILABLE', message: reason }, code);
    t.match(world.notes, ['ended shop/a broken', 'called shop/a request unavailable']);
    world.apply(makeFilter(code, { failure: 'open' }));
    t.equal((await world.send()).status, 200);
    t.match(world.lines.join('\n'), reason, 'and the log says why');
  }
  const missing: Filter = {
    ...makeFilter(''),
    source: { kind: 'missing', message: 'there is no ConfigMap' },
  };
  const world = createFilterWorld(t);
  world.apply(missing);
  t.match(await world.send(), { status: 500, message: /there is no ConfigMap/ });
});

test('a module that does not come to its end is given up', async (t) => {
  const world = createFilterWorld(t);
  world.apply(makeFilter('for (;;) {} export function onRequest() {}'));
  const answer = await world.send();
  t.equal(answer.status, 503, 'a request does not wait for ever');
  await world.until('it is given up', () => world.notes.includes('ended shop/a broken'));
  t.match(await world.send(), { status: 500, message: /loaded within 10s/ });
});

test('a body longer than the filter takes is refused with 413, an answer’s with 502; open goes on with all of it', async (t) => {
  for (const failure of ['closed', 'open'] as const) {
    const { send, notes } = await withFilter(
      t,
      `export function onRequest(request) { request.headers.set('x-filtered', '1'); }
       export function onResponse(response) { response.headers.set('x-filtered', '1'); }`,
      { failure, body: { request: true, response: true, maximumBytes: 1_000 } },
    );
    const pieces = Array.from({ length: 30 }, (_none, index) => String(index % 10).repeat(100));
    const announced = bodyOf(...pieces);
    const unannounced = { ...bodyOf(...pieces), length: undefined };
    for (const body of [announced, unannounced]) {
      const answer = await send(makeRequest({ method: 'POST', body }));
      if (failure === 'closed') t.match(answer, { status: 413, error: 'ERR_WAYPOINT_FILTER_BODY' });
      else t.match(JSON.parse(answer.text), { body: pieces.join(''), headers: {} });
    }
    const large = () => makeResponse(200, {}, { ...bodyOf(...pieces), length: undefined });
    const answer = await send(makeRequest(), { backend: async () => large() });
    if (failure === 'closed') t.match(answer, { status: 502, error: 'ERR_WAYPOINT_FILTER_BODY' });
    else t.match(answer, { status: 200, text: pieces.join('') });
    t.equal(notes.filter((note) => note.endsWith('body-too-long')).length, 3);
  }
});

test('a request whose body is cut, or that nobody waits for, ends with what ended it', async (t) => {
  const { send } = await withFilter(
    t,
    'export async function onRequest(request) { if (request.path === "/wait") await new Promise(() => undefined); }',
    { body: { request: true, response: false, maximumBytes: 1_000 }, timeLimitMs: 500 },
  );
  const body = bodyOf('half');
  const cut = new HttpError({ code: 'ERR_HTTP_CUT', blame: 'downstream', message: 'cut' });
  const sent = send(makeRequest({ method: 'POST', body: { ...body, length: 100 } }));
  body.stream?.destroy(cut);
  t.equal((await sent).error, 'ERR_HTTP_CUT');
  const gone = new AbortController();
  const waiting = send(makeRequest({ target: '/wait' }), { context: { signal: gone.signal } });
  setTimeout(() => gone.abort(cut), 20);
  t.equal((await waiting).error, 'ERR_HTTP_CUT');
});

test('more requests than can wait are refused, none is lost', async (t) => {
  const { send, notes } = await withFilter(
    t,
    'export async function onRequest() { await new Promise((resolve) => setTimeout(resolve, 300)); }',
  );
  const answers = await Promise.all(Array.from({ length: 1_500 }, () => send()));
  const count = (status: number) => answers.filter((answer) => answer.status === status).length;
  t.equal(count(200) + count(503), 1_500);
  t.ok(count(503) >= 1_500 - 64 - 1_024, `${count(503)} were refused`);
  t.ok(count(200) >= 64, `${count(200)} were served`);
  t.ok(notes.includes('called shop/a request overloaded'));
});

test('only so many filters run; further ones fail, and have their turn when there is room', async (t) => {
  const world = createFilterWorld(t, { maximumFilters: 1 });
  const first = makeFilter('export function onRequest() {}', { name: 'first' });
  const second = makeFilter('export function onRequest() { return { status: 204 }; }', { name: 'second' });
  world.apply(first, second);
  await world.until('the first', () => world.host.running === 1);
  t.match(await world.send(), { status: 500, message: /runs 1 filters already/ });
  world.remove(first);
  await world.until('the second', () => world.lines.filter((line) => line.includes('in force')).length === 2);
  t.equal((await world.send()).status, 204);
});

test('answers that a filter did not see to the end are whole all the same', async (t) => {
  const { send } = await withFilter(t, 'export function onRequest() {}');
  const backend = async () => makeResponse(200, {}, bodyOf('x'.repeat(1_000_000)));
  const { text } = await send(makeRequest(), { backend });
  t.equal(text.length, 1_000_000);
  t.equal((await readBody(bodyOf('a', 'b'), 10)).toString(), 'ab');
});

test('what filters hold of bodies takes room until the client has its answer', async (t) => {
  const world = createFilterWorld(t, { maximumHeldBytes: 1_000 });
  world.apply(
    makeFilter('export const onResponse = () => undefined;', {
      body: { request: false, response: true, maximumBytes: 800 },
    }),
  );
  await world.until('the filter is in force', () => world.host.running === 1);
  const ends: (() => void)[] = [];
  const options: SendOptions = {
    backend: async () => makeResponse(200, {}, bodyOf(Buffer.alloc(600, 'x'))),
    context: { onEnd: (listener) => ends.push(listener) },
  };
  t.equal((await world.send(undefined, options)).status, 200);
  t.match(await world.send(undefined, options), { error: 'ERR_WAYPOINT_FILTER_OVERLOADED' });
  for (const end of ends.splice(0)) end();
  t.equal((await world.send(undefined, options)).status, 200);
});
