import { test } from 'tap';
import type { HttpFilter, HttpMatch, RedirectFilter } from '../../../../src/model/index.ts';
import { createRouteLayer } from '../../../../src/waypoint/layers/routing/route.ts';
import { createRouteTable } from '../../../../src/waypoint/routing/route-table.ts';
import { makeWorkload } from '../../../model/mesh-fixtures.ts';
import { fieldsOf, makeContext, makeRequest, recordingHandler } from '../../request-fixtures.ts';
import {
  backend,
  echo,
  exact,
  makeMatch,
  makeRoute,
  makeRule,
  prefix,
  shopService,
} from '../../routing/route-fixtures.ts';
import { throughRule } from './routing-fixtures.ts';

const redirectTo = (over: Partial<RedirectFilter>): RedirectFilter => ({
  type: 'redirect',
  scheme: undefined,
  hostname: undefined,
  path: undefined,
  port: undefined,
  status: 302,
  ...over,
});

test('without routes the backend is the service that was dialled', async (t) => {
  const leaf = recordingHandler();
  await createRouteLayer()(leaf)(makeRequest(), makeContext({ port: 8080 }));
  t.same(leaf.calls[0]?.context.backend, { kind: 'service', service: shopService('echo'), port: 8080 });
});

test('a pod that was dialled by its address has no backend', async (t) => {
  const leaf = recordingHandler();
  const workload = makeWorkload({ name: 'pod' });
  const { dialled } = makeContext();
  const context = makeContext(
    {},
    { dialled: { ...dialled, kind: 'workload', workload, service: undefined } },
  );
  await createRouteLayer()(leaf)(makeRequest(), context);
  t.equal(leaf.calls[0]?.context.backend, undefined);
});

test('what no rule takes is refused', async (t) => {
  const routes = createRouteTable([makeRoute({ rules: [] })], echo, 80);
  await t.rejects(createRouteLayer()(recordingHandler())(makeRequest(), makeContext({ routes })), {
    code: 'ERR_WAYPOINT_NO_ROUTE',
  });
});

test('the record tells route and rule', async (t) => {
  const rule = makeRule({ name: 'first', backends: [backend('v1')] });
  const routes = createRouteTable([makeRoute({ rules: [rule] })], echo, 80);
  const context = makeContext({ routes });
  await createRouteLayer()(recordingHandler())(makeRequest(), context);
  t.match(context.record, { route: 'HTTPRoute/shop/route', routeRule: 'first' });
  const unnamed = [
    makeRule({ matches: [makeMatch({ path: exact('/never') })], backends: [backend('v1')] }),
    makeRule({ backends: [backend('v1')] }),
  ];
  const second = makeContext({ routes: createRouteTable([makeRoute({ rules: unnamed })], echo, 80) });
  await createRouteLayer()(recordingHandler())(makeRequest(), second);
  t.equal(second.record.routeRule, '2', 'by its number where it has no name, as nodemesh routes shows it');
});

test('backends get their shares, with their own filters', async (t) => {
  const filters: readonly HttpFilter[] = [{ type: 'request-headers', set: [], add: [], remove: ['x'] }];
  const leaf = recordingHandler();
  const send = throughRule(
    { backends: [backend('v1', 70), backend('v2', 30, { filters }), backend('v3', 0)] },
    [createRouteLayer()],
    leaf,
  );
  for (let count = 0; count < 500; count++) await send();
  const to = (name: string) =>
    leaf.calls.filter(
      ({ context }) => context.backend?.kind === 'service' && context.backend.service === shopService(name),
    );
  t.ok(Math.abs(to('v1').length - 350) < 10);
  t.ok(Math.abs(to('v2').length - 150) < 10);
  t.equal(to('v3').length, 0);
  t.equal(to('v2')[0]?.context.backendFilters, filters);
});

test('the share of an invalid backend is refused, and all of it where there is no valid one', async (t) => {
  const invalid = { kind: 'invalid', reason: 'BackendNotFound', message: 'no service shop/gone' } as const;
  const leaf = recordingHandler();
  const half = throughRule(
    { backends: [backend('v1'), backend('', 1, { target: invalid })] },
    [createRouteLayer()],
    leaf,
  );
  const answers = await Promise.allSettled(Array.from({ length: 100 }, () => half()));
  const refused = answers.filter(({ status }) => status === 'rejected');
  t.ok(Math.abs(refused.length - 50) <= 2);
  t.match(refused[0], {
    reason: {
      code: 'ERR_WAYPOINT_INVALID_BACKEND',
      reason: 'BackendNotFound',
      message: /no service shop\/gone/,
    },
  });
  for (const backends of [[], [backend('v1', 0)]])
    await t.rejects(throughRule({ backends }, [createRouteLayer()], leaf)(), {
      code: 'ERR_WAYPOINT_INVALID_BACKEND',
      reason: 'NoBackends',
    });
});

test('a redirect answers with the Location that Gateway API says', async (t) => {
  const full = (value: string) => ({ kind: 'full' as const, value });
  const start = (value: string) => ({ kind: 'prefix' as const, value });
  const rows: [
    HttpMatch['path'],
    Partial<RedirectFilter>,
    { authority?: string; target?: string },
    string,
  ][] = [
    [prefix('/'), {}, {}, 'http://echo/'],
    [prefix('/'), { hostname: 'example.org' }, { target: '/a?b=c' }, 'http://example.org/a?b=c'],
    [prefix('/'), { scheme: 'https' }, {}, 'https://echo/'],
    [prefix('/'), { scheme: 'https' }, { authority: 'echo:8080' }, 'https://echo/'],
    [prefix('/'), { scheme: 'https', port: 8443 }, {}, 'https://echo:8443/'],
    [prefix('/'), { scheme: 'https', port: 443 }, {}, 'https://echo/'],
    [prefix('/'), { scheme: 'http', port: 443 }, {}, 'http://echo:443/'],
    [prefix('/'), { port: 80 }, { authority: 'echo:8080' }, 'http://echo/'],
    [prefix('/'), { port: 8083 }, {}, 'http://echo:8083/'],
    [prefix('/'), { port: 8083, hostname: 'example.org' }, {}, 'http://example.org:8083/'],
    [prefix('/'), {}, { authority: 'echo:8080' }, 'http://echo:8080/'],
    [prefix('/'), {}, { authority: 'echo:80' }, 'http://echo/'],
    [prefix('/'), { hostname: 'example.org' }, { authority: 'echo:8080' }, 'http://example.org:8080/'],
    [prefix('/'), {}, { authority: '[fd00::1]:8080' }, 'http://[fd00::1]:8080/'],
    [prefix('/'), { scheme: 'https' }, { authority: '[fd00::1]' }, 'https://[fd00::1]/'],
    [prefix('/a'), { path: full('/new') }, { target: '/a/b?c=d' }, 'http://echo/new?c=d'],
    [exact('/a'), { path: full('') }, { target: '/a' }, 'http://echo/'],
    [prefix('/foo'), { path: start('/xyz') }, { target: '/foo/bar' }, 'http://echo/xyz/bar'],
    [prefix('/foo'), { path: start('/xyz/') }, { target: '/foo/bar' }, 'http://echo/xyz/bar'],
    [prefix('/foo/'), { path: start('/xyz') }, { target: '/foo/bar' }, 'http://echo/xyz/bar'],
    [prefix('/foo/'), { path: start('/xyz/') }, { target: '/foo/bar' }, 'http://echo/xyz/bar'],
    [prefix('/foo'), { path: start('/xyz') }, { target: '/foo' }, 'http://echo/xyz'],
    [prefix('/foo'), { path: start('/xyz') }, { target: '/foo/' }, 'http://echo/xyz/'],
    [prefix('/foo'), { path: start('') }, { target: '/foo/bar' }, 'http://echo/bar'],
    [prefix('/foo'), { path: start('') }, { target: '/foo/' }, 'http://echo/'],
    [prefix('/foo'), { path: start('') }, { target: '/foo' }, 'http://echo/'],
    [prefix('/foo'), { path: start('/') }, { target: '/foo/' }, 'http://echo/'],
    [prefix('/foo'), { path: start('/') }, { target: '/foo' }, 'http://echo/'],
    [prefix('/foo'), { path: start('/') }, { target: '/foo?a=b' }, 'http://echo/?a=b'],
    [prefix('/'), { path: start('/xyz') }, { target: '/a' }, 'http://echo/xyz/a'],
    [exact('/a'), { path: start('/xyz') }, { target: '/a' }, 'http://echo/a'],
  ];
  for (const [path, filter, ask, location] of rows) {
    const rule = { matches: [makeMatch({ path })], filters: [redirectTo(filter)] };
    const leaf = recordingHandler();
    const response = await throughRule(rule, [createRouteLayer()], leaf)(ask);
    const what = `${JSON.stringify({ path, filter, ...ask })}`;
    t.equal(response.headers.get('location'), location, what);
    t.equal(response.status, 302);
    t.equal(leaf.calls.length, 0);
  }
});

test('a redirect has the status and the response headers of its rule, and may be a backend’s', async (t) => {
  const answer: HttpFilter = {
    type: 'response-headers',
    set: [{ name: 'X', value: 'y' }],
    add: [],
    remove: [],
  };
  const filters = [redirectTo({ status: 308 }), answer];
  const leaf = recordingHandler();
  const ofRule = await throughRule({ filters }, [createRouteLayer()], leaf)();
  t.equal(ofRule.status, 308);
  t.same(fieldsOf(ofRule.headers), { location: 'http://echo/', X: 'y' });
  const ofBackend = await throughRule(
    { backends: [backend('v1', 1, { filters })] },
    [createRouteLayer()],
    leaf,
  )();
  t.equal(ofBackend.status, 308);
  t.equal(leaf.calls.length, 0);
});
