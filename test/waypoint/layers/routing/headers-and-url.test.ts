import { test } from 'tap';
import type { HeaderFilter, HttpFilter, RewriteFilter } from '../../../../src/model/index.ts';
import {
  backendFiltersLayer,
  ruleFiltersLayer,
} from '../../../../src/waypoint/layers/routing/headers-and-url.ts';
import { createRouteLayer } from '../../../../src/waypoint/layers/routing/route.ts';
import { type Fields, fieldsOf, makeResponse, recordingHandler } from '../../request-fixtures.ts';
import { backend, makeMatch, prefix } from '../../routing/route-fixtures.ts';
import { throughRule } from './routing-fixtures.ts';

type Change = { set?: Fields; add?: Fields; remove?: readonly string[] };

function headers(type: HeaderFilter['type'], { set = {}, add = {}, remove = [] }: Change): HeaderFilter {
  const listed = (fields: Fields) => Object.entries(fields).map(([name, value]) => ({ name, value }));
  return { type, set: listed(set), add: listed(add), remove };
}

const rewrite = (over: Partial<RewriteFilter>): RewriteFilter => ({
  type: 'rewrite',
  hostname: undefined,
  path: undefined,
  ...over,
});

const layers = [createRouteLayer(), ruleFiltersLayer, backendFiltersLayer];

function through(filters: readonly HttpFilter[], ofBackend: readonly HttpFilter[] = [], answer: Fields = {}) {
  const leaf = recordingHandler(() => makeResponse(200, answer));
  const matches = [makeMatch({ path: prefix('/a') })];
  const send = throughRule(
    { matches, filters, backends: [backend('v1', 1, { filters: ofBackend })] },
    layers,
    leaf,
  );
  return { leaf, send };
}

test('request headers are set, added and removed, whatever their case', async (t) => {
  const change = headers('request-headers', {
    set: { 'X-Set': 'new' },
    add: { 'X-Add': 'more' },
    remove: ['X-Remove'],
  });
  const rows: [Fields, Fields][] = [
    [{}, { 'X-Set': 'new', 'X-Add': 'more' }],
    [
      { 'x-set': 'old', other: 'kept' },
      { 'X-Set': 'new', other: 'kept', 'X-Add': 'more' },
    ],
    [{ 'x-add': 'some' }, { 'X-Set': 'new', 'x-add': 'some, more', 'X-Add': 'some, more' }],
    [{ 'X-REMOVE': 'gone' }, { 'X-Set': 'new', 'X-Add': 'more' }],
  ];
  for (const [before, after] of rows) {
    const { leaf, send } = through([change]);
    await send({ target: '/a', headers: before });
    t.same(fieldsOf(leaf.calls[0]?.request.headers ?? fail()), after);
  }
});

test('what the client sent is left as it was', async (t) => {
  const { leaf, send } = through([headers('request-headers', { set: { a: '2' } })]);
  await send({ target: '/a', headers: { a: '1' } });
  t.equal(leaf.calls[0]?.context.route().kind, 'rule');
  t.equal(leaf.calls[0]?.request.headers.get('a'), '2');
});

test('filters of the rule come before those of the backend, and answers pass them the other way round', async (t) => {
  const step = (type: HeaderFilter['type'], value: string) => headers(type, { add: { steps: value } });
  const { leaf, send } = through(
    [step('request-headers', 'rule'), step('response-headers', 'rule')],
    [step('request-headers', 'backend'), step('response-headers', 'backend')],
  );
  const response = await send({ target: '/a' });
  t.equal(leaf.calls[0]?.request.headers.joined('steps'), 'rule, backend');
  t.equal(response.headers.joined('steps'), 'backend, rule');
});

test('response headers are set, added and removed', async (t) => {
  const change = headers('response-headers', {
    set: { a: '2' },
    add: { 'set-cookie': 'y' },
    remove: ['Server'],
  });
  const { send } = through([change], [], { A: '1', 'set-cookie': 'x', server: 'secret' });
  const response = await send({ target: '/a' });
  t.same(
    [...response.headers],
    [
      ['a', '2'],
      ['set-cookie', 'x'],
      ['set-cookie', 'y'],
    ],
  );
});

test('framing, connection and identity are not a route’s to change', async (t) => {
  const names = ['Content-Length', 'Transfer-Encoding', 'Connection', 'TE', 'Upgrade', ':path'];
  const xfcc = 'X-Forwarded-Client-Cert';
  const change = {
    set: Object.fromEntries(names.map((name) => [name, '1'])),
    add: { [xfcc]: 'By=me', Expect: '100-continue' },
    remove: [xfcc],
  };
  const { leaf, send } = through([headers('request-headers', change), headers('response-headers', change)]);
  const response = await send({ target: '/a', headers: { [xfcc]: 'By=mesh' } });
  t.same(fieldsOf(leaf.calls[0]?.request.headers ?? fail()), { [xfcc]: 'By=mesh' });
  t.same(fieldsOf(response.headers), {});
});

test('a Host that is set becomes the authority, one that is added or removed does not', async (t) => {
  const { leaf, send } = through([
    headers('request-headers', { set: { Host: 'new.example' } }),
    headers('request-headers', { add: { Host: 'other' }, remove: ['Host'] }),
  ]);
  await send({ target: '/a' });
  t.equal(leaf.calls[0]?.request.authority, 'new.example');
  t.notOk(leaf.calls[0]?.request.headers.has('host'));
});

test('host and path are rewritten, the query stays', async (t) => {
  const rows: [Partial<RewriteFilter>, string, string, string][] = [
    [{ hostname: 'one.example' }, '/a/b?c', 'one.example', '/a/b?c'],
    [{ path: { kind: 'full', value: '/new' } }, '/a/b?c=d', 'echo', '/new?c=d'],
    [{ path: { kind: 'prefix', value: '/z' } }, '/a/b?c=d', 'echo', '/z/b?c=d'],
    [{ path: { kind: 'prefix', value: '/' } }, '/a', 'echo', '/'],
    [{ path: { kind: 'prefix', value: '/' } }, '/a/b', 'echo', '/b'],
  ];
  for (const [filter, target, authority, rewritten] of rows) {
    const { leaf, send } = through([rewrite(filter)]);
    await send({ target });
    t.match(leaf.calls[0]?.request, { authority, target: rewritten });
  }
});

function fail(): never {
  throw new Error('expected a call, got none');
}
