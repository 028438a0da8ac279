import { test } from 'tap';
import type { Filter } from '../../../src/model/index.ts';
import { makeFilter } from '../admission/admission-fixtures.ts';
import { makeRequest } from '../request-fixtures.ts';
import { createFilterWorld, type FilterWorld, withFilter } from './filter-world.ts';

function version(number: number, over: Partial<Filter> = {}): Filter {
  const code = `
    let seen = 0;
    export async function onRequest(request, { locals }) {
      locals.version = ${number};
      seen += 1;
      request.headers.set('x-seen', String(seen));
    }
    export function onResponse(response, { locals }) {
      response.headers.set('x-version', '${number}');
      response.headers.set('x-request', String(locals.version));
    }`;
  return makeFilter(code, over);
}

async function versionOf(world: FilterWorld): Promise<string | undefined> {
  return (await world.send()).headers['x-version'];
}

async function untilVersion(world: FilterWorld, number: number): Promise<void> {
  for (let round = 0; (await versionOf(world)) !== String(number); round++)
    if (round === 3_000) throw new Error(`version ${number} does not come`);
}

test('a new version takes over without a request that fails, and requests stay with the one they began with', async (t) => {
  const world = createFilterWorld(t);
  world.apply(version(1));
  await untilVersion(world, 1);
  let goOn = true;
  const pairs = new Set<string>();
  const load = Promise.all(
    Array.from({ length: 8 }, async () => {
      while (goOn) {
        const { status, headers } = await world.send(makeRequest(), {
          backend: async () => {
            await new Promise((resolve) => setTimeout(resolve, 5));
            return { status: 200, headers: makeRequest().headers, body: makeRequest().body };
          },
        });
        pairs.add(`${status} ${headers['x-request']} ${headers['x-version']}`);
      }
    }),
  );
  for (const number of [2, 3]) {
    world.apply(version(number));
    await world.until(`requests of version ${number}`, () => pairs.has(`200 ${number} ${number}`));
  }
  goOn = false;
  await load;
  t.notMatch(world.lines.join('\n'), /uncaught/);
  t.same([...pairs].sort(), ['200 1 1', '200 2 2', '200 3 3']);
  await world.until(
    'the old ones to end',
    () => world.notes.filter((note) => note === 'ended shop/a closed').length === 2,
  );
});

test('a broken version leaves the old in force and says so; also after a crash of the old', async (t) => {
  const crash = `setTimeout(() => { throw new Error('crash'); }, 1_500);`;
  const world = createFilterWorld(t);
  const old = version(1);
  world.apply(old);
  await untilVersion(world, 1);
  world.apply(makeFilter('export function onRequest( {'));
  await world.until('the news', () => world.notes.includes('ended shop/a broken'));
  t.equal(await versionOf(world), '1');
  t.match(world.lines.join('\n'), /error filter cannot be loaded .*"oldInForce":true/);

  const text = old.source.kind === 'text' ? old.source.text : '';
  world.apply(makeFilter(`${crash}${text}`));
  await world.until('the third', () => world.lines.filter((line) => line.includes('in force')).length >= 2);
  world.apply(makeFilter('throw new Error("worse");'));
  await world.until('the crash', () => world.notes.includes('ended shop/a crashed'));
  t.equal(await versionOf(world), '1', 'the last that could be loaded is started again');
  world.apply(version(4));
  await untilVersion(world, 4);
});

test('a source that goes away leaves what is in force', async (t) => {
  const world = createFilterWorld(t);
  world.apply(version(1));
  await untilVersion(world, 1);
  world.apply({ ...version(1), source: { kind: 'missing', message: 'there is no ConfigMap' } });
  t.equal(await versionOf(world), '1');
  t.match(world.lines.join('\n'), /error filter has no source .*there is no ConfigMap/);
});

test('limits, failure and attachments change without another process; configuration with one', async (t) => {
  const code = `
    let calls = 0;
    export async function onRequest(request, { config }) {
      calls += 1;
      if (request.path === '/wait') await new Promise((resolve) => setTimeout(resolve, 400));
      return { status: 200, body: calls + ' ' + config.name };
    }`;
  const { filter, send, apply, host, lines, until } = await withFilter(t, code, { config: '{"name":"one"}' });
  t.equal((await send()).text, '1 one');
  apply({ ...filter, timeLimitMs: 100, failure: 'open', createdMs: 7 });
  t.equal((await send()).text, '2 one');
  const late = await send(makeRequest({ target: '/wait' }));
  t.match(JSON.parse(late.text), { target: '/wait' }, 'the new limit holds, and it fails open now');
  apply({ ...filter, config: '{"name":"two"}' });
  await until('the second process', () => lines.filter((line) => line.includes('in force')).length === 2);
  t.equal((await send()).text, '1 two');
  t.equal(host.running, 1);
});

test('a filter that is removed ends its process, and requests on their way come through', async (t) => {
  const world = createFilterWorld(t);
  const filter = version(1);
  world.apply(filter);
  await untilVersion(world, 1);
  let release: (() => void) | undefined;
  const answer = world.send(makeRequest(), {
    backend: async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return { status: 200, headers: makeRequest().headers, body: makeRequest().body };
    },
  });
  await world.until('the backend', () => release !== undefined);
  world.remove(filter);
  t.equal((await world.send()).headers['x-version'], undefined, 'new requests go by');
  release?.();
  t.match(await answer, { status: 200, headers: { 'x-version': '1', 'x-request': '1' } });
  await world.until('its end', () => world.notes.includes('ended shop/a closed'));
});

test('one filter’s end is nothing to another', async (t) => {
  const world = createFilterWorld(t);
  world.apply(
    makeFilter('export function onRequest(r) { if (r.path === "/loop") for (;;) {} }', {
      name: 'bad',
      timeLimitMs: 100,
      failure: 'open',
    }),
    makeFilter('export function onResponse(r) { r.headers.set("x-good", "1"); }', { name: 'good' }),
  );
  await world.until('both', () => world.host.running === 2);
  const answers = await Promise.all([
    world.send(makeRequest({ target: '/loop' })),
    ...Array.from({ length: 20 }, () => world.send()),
  ]);
  for (const answer of answers) t.match(answer, { status: 200, headers: { 'x-good': '1' } });
});
