import { test } from 'tap';
import type { PathNormalization } from '../../../../src/model/index.ts';
import { normalizedPathLayer } from '../../../../src/waypoint/layers/security/normalized-path.ts';
import { createRouteTable } from '../../../../src/waypoint/routing/route-table.ts';
import { makeService } from '../../../model/mesh-fixtures.ts';
import { makeContext, makeRequest, recordingHandler } from '../../request-fixtures.ts';
import { makeMatch, makeRoute, makeRule } from '../../routing/route-fixtures.ts';

const service = makeService({ name: 'echo' });
const admin = makeRule({
  name: 'admin',
  matches: [makeMatch({ path: { kind: 'prefix', value: '/admin' } })],
});
const routes = createRouteTable([makeRoute({ service, rules: [admin] })], service, 80);

async function passedOn(target: string, pathNormalization: PathNormalization = 'base') {
  const request = makeRequest({ target });
  const context = makeContext({ request, routes, service });
  const next = recordingHandler();
  await normalizedPathLayer(next)(request, { ...context, plan: { ...context.plan, pathNormalization } });
  const [call] = next.calls;
  if (call === undefined) throw new Error('nothing was passed on');
  return { ...call, original: { request, context } };
}

test('a path goes on in its normal form, and its query as it is', async (t) => {
  t.equal((await passedOn('/a/../%61dmin?x=%2e')).request.target, '/admin?x=%2e');
  t.equal((await passedOn('//admin')).request.target, '//admin');
  t.equal((await passedOn('//admin', 'merge-slashes')).request.target, '/admin');
  t.equal((await passedOn('/x%2fy', 'decode-and-merge-slashes')).request.target, '/x/y');
  t.equal((await passedOn('/a/../b', 'none')).request.target, '/a/../b');
});

test('routes are chosen by what goes on', async (t) => {
  const { context } = await passedOn('/x/../admin/1');
  const selection = context.route();
  t.match(selection, { kind: 'rule', rule: { name: 'admin' } });
  t.equal(context.route(), selection);
  t.equal((await passedOn('/x/..%2fadmin')).context.route().kind, 'unmatched');
});

test('a path that is in its normal form costs nothing', async (t) => {
  const { request, context, original } = await passedOn('/admin?q=//');
  t.equal(request, original.request);
  t.equal(request.target, '/admin?q=//');
  t.equal(context.route, original.context.route);
});

test('a path that could be read in more than one way is refused', async (t) => {
  for (const target of ['/a%00b', '/a%zzb', '/a%'])
    await t.rejects(passedOn(target), { code: 'ERR_WAYPOINT_PATH', blame: 'downstream' });
});
