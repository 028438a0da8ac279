import { test } from 'tap';
import { parseSpiffeId, type RequestTest } from '../../../src/model/index.ts';
import { failureResponse } from '../../../src/waypoint/request/failure-response.ts';
import { createRequestRecord } from '../../../src/waypoint/request/request-record.ts';
import { WaypointError } from '../../../src/waypoint/errors.ts';
import { ip } from '../../model/mesh-fixtures.ts';
import { policyOf } from '../../policy/support/requests.ts';
import { fieldsOf, makeRequest } from '../request-fixtures.ts';
import { textOf } from '../support/upstream-world.ts';
import { guardedService } from './support/guarded-service.ts';

const path = (value: string): RequestTest => ({
  subject: 'path',
  values: [{ kind: 'exact', value }],
  notValues: [],
});
const remoteIp = (network: string): RequestTest => ({
  subject: 'remote-ip',
  values: [{ address: ip(network), prefixLength: 8 }],
  notValues: [],
});
const EVERYTHING = [{}];

test('without policies requests go on', async (t) => {
  const guarded = guardedService({});
  t.equal((await guarded.send()).status, 200);
  t.equal(guarded.passed.calls.length, 1);
});

test('what a policy denies never reaches its backend', async (t) => {
  const policies = [policyOf('secrets', 'deny', [{ to: [[path('/secret')]] }])];
  const guarded = guardedService({ policies });
  t.equal((await guarded.send()).status, 200);
  await t.rejects(guarded.send(makeRequest({ target: '/secret' })), {
    code: 'ERR_WAYPOINT_DENIED',
    policy: 'shop/secrets',
    rule: 0,
    reason: 'denied',
    message: /explicitly denied by shop\/secrets/,
  });
  t.equal(guarded.passed.calls.length, 1);
});

test('the client learns that it is denied, and nothing of the policy', async (t) => {
  const guarded = guardedService({ policies: [policyOf('very-secret-name', 'deny', EVERYTHING)] });
  const failure = await guarded.send().catch((error: unknown) => error);
  if (!(failure instanceof WaypointError)) throw failure;
  const plain = failureResponse(makeRequest(), failure);
  t.equal(plain.status, 403);
  t.equal(await textOf(plain), 'RBAC: access denied\n');
  t.same(fieldsOf(plain.headers), { 'content-type': 'text/plain; charset=utf-8' });
  const grpc = failureResponse(makeRequest({ headers: { 'content-type': 'application/grpc' } }), failure);
  t.match(fieldsOf(grpc.headers), { 'grpc-status': '7', 'grpc-message': 'RBAC: access denied' });
});

test('where there are ALLOW policies and none holds, the log says how near one was', async (t) => {
  const guarded = guardedService({ policies: [policyOf('open', 'allow', [{ to: [[path('/open')]] }])] });
  t.equal((await guarded.send(makeRequest({ target: '/open?x=1' }))).status, 200);
  await t.rejects(guarded.send(), {
    code: 'ERR_WAYPOINT_DENIED',
    policy: undefined,
    reason: 'not_allowed',
    message: /nearest was shop\/open rule 1, without to/,
  });
});

test('claims of verified tokens are judged', async (t) => {
  const admin: RequestTest = {
    subject: 'claim',
    path: ['groups'],
    values: [{ kind: 'exact', value: 'admin' }],
    notValues: [],
  };
  const guarded = guardedService({ policies: [policyOf('admins', 'allow', [{ when: [admin] }])] });
  const token = (groups: readonly string[]) => ({
    issuer: 'i',
    subject: 's',
    audiences: [],
    claims: { groups: groups.join(' ') },
    policyClaims: { groups },
  });
  t.equal((await guarded.send(makeRequest(), { tokens: [token(['dev', 'admin'])] })).status, 200);
  await t.rejects(guarded.send(makeRequest(), { tokens: [token(['dev'])] }), { code: 'ERR_WAYPOINT_DENIED' });
});

test('where a request comes from is what the tunnel says, unless a trusted gateway says more', async (t) => {
  const policies = [policyOf('outside', 'deny', [{ from: [[remoteIp('203.0.113.0')]] }])];
  const gateway = parseSpiffeId('spiffe://cluster.local/ns/shop/sa/client');
  const from = (forwardedFor: string) => makeRequest({ headers: { 'x-forwarded-for': forwardedFor } });
  const distrusting = guardedService({ policies });
  const trusting = guardedService({ policies, trustedClients: [gateway.id] });
  // The last is what the waypoint itself has written.
  t.equal((await distrusting.send(from('203.0.113.7, 10.0.0.9'))).status, 200);
  for (const named of ['203.0.113.7', '203.0.113.7:4711', '198.51.100.1, 203.0.113.7'])
    await t.rejects(trusting.send(from(`${named}, 10.0.0.9`)), { code: 'ERR_WAYPOINT_DENIED' });
  t.equal((await trusting.send(from('203.0.113.7, 198.51.100.1, 10.0.0.9'))).status, 200);
  t.equal((await trusting.send(from('[2001:db8::1]:80, 10.0.0.9'))).status, 200);
  t.equal((await trusting.send(from('10.0.0.9'))).status, 200);
  await t.rejects(trusting.send(from('unknown, 10.0.0.9')), {
    code: 'ERR_WAYPOINT_DENIED',
    reason: 'remote_address',
  });
});

test('what AUDIT policies match is logged, and goes on', async (t) => {
  const guarded = guardedService({ policies: [policyOf('watch', 'audit', EVERYTHING)] });
  t.equal((await guarded.send()).status, 200);
  t.match(guarded.lines, [
    [
      'matched by a policy with the action AUDIT',
      { policy: 'shop/watch', rule: 0, source: 'spiffe://cluster.local/ns/shop/sa/client', port: 80 },
    ],
  ]);
});

test('a policy on trial is told of and changes nothing', async (t) => {
  const guarded = guardedService({ policies: [policyOf('trial', 'deny', EVERYTHING, true)] });
  t.equal((await guarded.send()).status, 200);
  t.match(guarded.dryRuns, [{ policy: 'shop/trial', verdict: 'deny', differs: true, matched: true }]);
});

test('a policy that asks somebody unknown denies', async (t) => {
  const guarded = guardedService({
    policies: [policyOf('ask', { kind: 'custom', provider: 'nobody' }, EVERYTHING)],
  });
  const record = createRequestRecord();
  await t.rejects(guarded.send(makeRequest(), { record }), {
    code: 'ERR_WAYPOINT_DENIED',
    reason: 'authorizer_unknown',
    policy: 'shop/ask',
  });
  t.equal(guarded.passed.calls.length, 0);
});
