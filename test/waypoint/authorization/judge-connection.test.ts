import { test } from 'tap';
import type { RequestPolicy, RequestTest } from '../../../src/model/index.ts';
import { createConnectionJudge } from '../../../src/waypoint/authorization/judge-connection.ts';
import { createSender } from '../../../src/waypoint/layers/create-handler.ts';
import { ip, keyOf, makeWorkload } from '../../model/mesh-fixtures.ts';
import { policyOf } from '../../policy/support/requests.ts';
import { makeRequest } from '../request-fixtures.ts';
import { withUpstreams } from '../support/upstream-world.ts';
import { startGrpcAuthorizer } from './support/authorizer-servers.ts';
import { type GuardedOptions, guardedService, makeAuthorizer, overHttp } from './support/guarded-service.ts';

const method: RequestTest = { subject: 'method', values: [{ kind: 'exact', value: 'GET' }], notValues: [] };
const sni: RequestTest = { subject: 'sni', values: [{ kind: 'suffix', value: '.shop' }], notValues: [] };
const ASK = policyOf('ask', { kind: 'custom', provider: 'opa' }, [{}]);

function judge(options: GuardedOptions, name = ''): Promise<unknown> {
  const { guards, contextOf } = guardedService(options);
  return createConnectionJudge(guards)({ ...contextOf(makeRequest()), sni: name });
}
const judged = (policies: readonly RequestPolicy[], name?: string) => judge({ policies }, name);

test('a plain connection is judged by the policies of its service', async (t) => {
  await t.resolves(judged([]));
  await t.resolves(judged([policyOf('all', 'allow', [{}])]));
  await t.rejects(judged([policyOf('none', 'allow', [])]), { code: 'ERR_WAYPOINT_DENIED' });
  await t.rejects(judged([policyOf('no', 'deny', [{}])]), { code: 'ERR_WAYPOINT_DENIED', policy: 'shop/no' });
});

test('what looks at HTTP never allows a plain connection, and always denies one', async (t) => {
  await t.rejects(judged([policyOf('get', 'allow', [{ to: [[method]] }])]), { code: 'ERR_WAYPOINT_DENIED' });
  await t.rejects(judged([policyOf('get', 'deny', [{ to: [[method]] }])]), { code: 'ERR_WAYPOINT_DENIED' });
});

test('the name that TLS asks for is judged', async (t) => {
  const policies = [policyOf('tls', 'allow', [{ when: [sni] }])];
  await t.resolves(judged(policies, 'db.shop'));
  await t.rejects(judged(policies, 'db.other'), { code: 'ERR_WAYPOINT_DENIED' });
  await t.rejects(judged(policies), { code: 'ERR_WAYPOINT_DENIED' });
});

test('audits and trials of connections are told of', async (t) => {
  const policies = [policyOf('watch', 'audit', [{}]), policyOf('trial', 'deny', [{}], true)];
  const { guards, contextOf, lines, dryRuns } = guardedService({ policies });
  await createConnectionJudge(guards)({ ...contextOf(makeRequest()), sni: '' });
  t.match(lines, [['matched by a policy with the action AUDIT', { policy: 'shop/watch' }]]);
  t.match(dryRuns, [{ policy: 'shop/trial', differs: true }]);
});

test('an authorizer over gRPC is asked about a connection, and one over HTTP cannot be', async (t) => {
  let code = 0;
  const server = await startGrpcAuthorizer(() => ({ status: { code } }));
  await withUpstreams({ protocol: 'grpc' }, async ({ view, service, upstreams }) => {
    const key = keyOf(service);
    const ports = [{ servicePort: 80, targetPort: server.port, appProtocol: 'grpc' as const }];
    const services = new Map([[key, ports]]);
    const addresses = [ip('127.0.0.1')];
    view.apply({
      upsertWorkloads: [makeWorkload({ name: 'opa', addresses, tunnelProtocol: 'none', services })],
    });
    const send = createSender(upstreams);
    const ask = (over: Parameters<typeof makeAuthorizer>[1] = {}) =>
      judge({ policies: [ASK], authorizers: [makeAuthorizer(key, over)], send }, 'db.shop');
    await t.resolves(ask());
    t.equal(server.asked[0]?.request?.http, undefined);
    t.equal(server.asked[0]?.tlsSession?.sni, 'db.shop');
    code = 7;
    await t.rejects(ask(), { code: 'ERR_WAYPOINT_DENIED', reason: 'authorizer_denied', policy: 'shop/ask' });
    await t.rejects(ask({ port: 81 }), { code: 'ERR_WAYPOINT_AUTHORIZER' });
    await t.resolves(ask({ port: 81, failOpen: true }));
    await t.rejects(ask({ protocol: overHttp(), failOpen: true }), {
      code: 'ERR_WAYPOINT_DENIED',
      reason: 'authorizer_unknown',
    });
  });
  server.close();
});
