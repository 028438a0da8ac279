import { test } from 'tap';
import type { CertificateView, ServiceProblem } from '../../../src/model/index.ts';
import type { CheckResult } from '../../../src/cli/check/index.ts';
import { gatherFacts, type MeshFacts } from '../../../src/cli/check/mesh/facts.ts';
import { portsChecks } from '../../../src/cli/check/mesh/process-checks.ts';
import { judgeMesh } from '../../../src/cli/check/run-checks.ts';
import { createApiClient } from '../../../src/cli/api/index.ts';
import { nodemesh } from '../../lab/support/lab-fixture.ts';
import { ANSWERS, certificate, NOW_MS } from '../observe/support/answers.ts';
import { startApiServer } from '../observe/support/api-server.ts';

function part<T>(value: T | undefined): { readonly value: T } {
  if (value === undefined) throw new Error('the fixture lacks an answer');
  return { value };
}

const INFO = ANSWERS['/api/v1/info'];
const CURRENT = part(ANSWERS['/api/v1/proxies']?.proxies.find(({ state }) => state === 'current')).value;
const FACTS: MeshFacts = {
  lab: undefined,
  nodes: ['node-1'],
  clocks: [{ part: 'the mesh', value: { info: part(INFO).value, aheadMs: 10, uncertaintyMs: 20 } }],
  ports: [],
  proxies: { value: [CURRENT] },
  certificates: { value: [certificate('root', 'CN=root', '1', 400), certificate('workload', 'w', '2', 10)] },
  workloads: part(ANSWERS['/api/v1/workloads']?.workloads),
  services: { value: [] },
  waypoints: part(ANSWERS['/api/v1/waypoints']?.waypoints),
  policies: { value: [] },
  objects: { value: [] },
  sideBySide: false,
  nowMs: NOW_MS,
};

function wrong(more: Partial<MeshFacts>): readonly CheckResult[] {
  return judgeMesh({ ...FACTS, ...more }).filter(({ outcome }) => outcome !== 'ok');
}

test('a mesh that is well gets no complaint', async (t) => {
  t.same(wrong({}), []);
  t.same(wrong({ services: part(ANSWERS['/api/v1/services']?.services) }), []);
});

test('a clock that is apart is told, and what the question took is not held against it', async (t) => {
  const clock = (aheadMs: number, uncertaintyMs = 0): Partial<MeshFacts> => ({
    clocks: [{ part: 'node-1', value: { info: part(INFO).value, aheadMs, uncertaintyMs } }],
  });
  t.same(wrong(clock(6_000, 2_000)), []);
  t.match(wrong(clock(-6_000)), [{ outcome: 'warning', seen: "6.0 s behind this machine's" }]);
  t.match(wrong(clock(130_000)), [{ outcome: 'failed', hint: /not valid yet/ }]);
  t.match(wrong(clock(-3_420_000)), [{ seen: "57 min behind this machine's" }]);
});

test("a proxy whose clock is apart from the controller's is named with the difference", async (t) => {
  const [proxy] = ANSWERS['/api/v1/proxies']?.proxies ?? [];
  const apart = (clockAheadMs: number): Partial<MeshFacts> => ({
    proxies: { value: proxy === undefined ? [] : [{ ...proxy, state: 'current', clockAheadMs }] },
  });
  const name = `clock of ${proxy?.id}`;
  t.match(wrong(apart(-3_420_000)), [{ name, outcome: 'failed', seen: "57 min behind the controller's" }]);
  t.match(wrong(apart(40_000)), [{ name, outcome: 'warning', seen: "40 s ahead of the controller's" }]);
  t.notMatch(wrong(apart(2_000)), [{ name }]);
});

test('proxies that are behind, and versions that are too far apart, are named', async (t) => {
  const proxies = ANSWERS['/api/v1/proxies']?.proxies ?? [];
  t.match(wrong({ proxies: { value: proxies } }), [
    { name: 'proxy ztunnel/node-2', outcome: 'failed', seen: 'rejecting: policy shop/p: expected an action' },
  ]);
  const [current] = proxies;
  const at = (version: string): readonly CheckResult[] =>
    wrong({ proxies: { value: current === undefined ? [] : [{ ...current, version }] } });
  t.same(at('0.2.9'), []);
  t.match(at('0.3.0'), [{ name: 'version of ztunnel/node-1', seen: '0.3.0, the controller is 0.1.0' }]);
  t.match(at('1.1.0'), [{ outcome: 'failed' }]);
});

test('a controller that no proxy is connected to is not called well', async (t) => {
  t.match(wrong({ proxies: { value: [] } }), [
    { name: 'proxies', outcome: 'warning', seen: 'none is connected to the controller' },
  ]);
});

test('ztunnels that are not connected are told, by their nodes, and one that is gone is not connected', async (t) => {
  const nodes = ['node-1', 'node-2', 'node-3'];
  const gone = { ...CURRENT, id: 'ztunnel/node-2', node: 'node-2', state: 'gone' as const };
  const clocks = nodes.map((node) => ({ ...part(FACTS.clocks[0]).value, part: node }));
  t.match(
    wrong({ nodes, clocks, proxies: { value: [CURRENT, gone] } }).find(({ name }) => /connected/.test(name)),
    {
      name: 'connected ztunnels',
      outcome: 'failed',
      seen: '2 of 3 are not connected to the controller: node-2, node-3',
      hint: /nodemesh logs ztunnel\/node-2/,
    },
  );
  t.same(wrong({ nodes, clocks, proxies: { value: nodes.map((node) => ({ ...CURRENT, node })) } }), []);
  t.same(
    wrong({ nodes, proxies: { value: [CURRENT] } }).filter(({ name }) => /connected/.test(name)),
    [],
    'one that does not answer is no matter of connections',
  );
});

test('roots that expire and certificates that are not renewed are told with the last error', async (t) => {
  const found = (days: number): readonly CheckResult[] =>
    wrong({ certificates: { value: [certificate('root', 'CN=root', '1', days)] } });
  t.match(found(20), [{ name: 'root CN=root', outcome: 'warning', seen: 'expires in 20d' }]);
  t.match(found(3), [{ outcome: 'failed', hint: /rotate-the-root/ }]);
  t.match(found(-3), [{ outcome: 'failed', seen: 'expired 3d ago' }]);
  const old = { ...certificate('workload', 'spiffe://a', '2', 0.1), notBeforeMs: NOW_MS - 0.9 * 86_400_000 };
  const rotations = [{ atMs: NOW_MS, serial: '', outcome: 'failed' as const, error: 'no CA answers' }];
  t.match(wrong({ certificates: { value: [certificate('root', 'r', '1', 400), { ...old, rotations }] } }), [
    { outcome: 'warning', seen: /90 % of its life is over.*the last renewal failed: no CA answers/ },
  ]);
});

test('a waypoint that is missing, a pod that could not join and a policy that is not understood are told', async (t) => {
  const services = ANSWERS['/api/v1/services']?.services ?? [];
  t.match(wrong({ services: { value: services }, waypoints: { value: [] } }), [
    { name: 'service shop/cart', seen: /its waypoint shop\/waypoint is missing or not ready/ },
  ]);
  const [cart] = ANSWERS['/api/v1/workloads']?.workloads ?? [];
  const stuck = cart === undefined ? [] : [{ ...cart, enrolment: 'failed: no iptables' }];
  t.match(wrong({ workloads: { value: stuck } }), [
    {
      name: 'pod shop/cart-1',
      seen: 'enrolment failed: no iptables',
      hint: /kubectl -n nodemesh-system logs -c ztunnel .* --field-selector spec\.nodeName=node-1/,
    },
  ]);
});

test('what a node that lost its controller holds is asked of the node itself', async (t) => {
  const apiOf = async (found: readonly CertificateView[]) => {
    const answers = { '/api/v1/certificates': { certificates: found } };
    const { url } = await startApiServer(t, answers);
    return createApiClient({ url: new URL(url), token: undefined });
  };
  const known = { ...certificate('workload', 'spiffe://a', '2', 0.1), proxy: 'ztunnel/node-1' };
  const failed = { atMs: NOW_MS, serial: '', outcome: 'failed' as const, error: 'no controller answers' };
  const elsewhere = { ...known, proxy: 'ztunnel/node-2' };
  const { certificates } = await gatherFacts({
    api: await apiOf([known, elsewhere]),
    lab: undefined,
    nodeApis: new Map([['node-1', await apiOf([{ ...known, rotations: [failed] }])]]),
  });
  t.same(certificates, { value: [elsewhere, { ...known, rotations: [failed] }] });
});

test('services that fail, are slow or refuse much are told with the cause', async (t) => {
  const [cart] = ANSWERS['/api/v1/services']?.services ?? [];
  if (cart === undefined) throw new Error('the fixture lacks a service');
  const found = (kind: ServiceProblem['kind']): readonly CheckResult[] => {
    const problem = { kind, workload: '', message: 'why', hint: 'what to do' };
    return wrong({ services: { value: [{ ...cart, problems: [problem] }] } });
  };
  t.match(found('failing'), [{ name: 'service shop/payments', outcome: 'failed', seen: 'why' }]);
  t.match(found('no-endpoint'), [{ outcome: 'failed', hint: 'what to do' }]);
  t.match(found('slow'), [{ outcome: 'warning' }]);
  t.match(found('refused'), [{ outcome: 'warning' }]);
  t.same(found('waypoint-missing'), [], 'another check tells that');
});

test('NetworkPolicies that may not be read are not seen, and everything else is looked at', async (t) => {
  t.match(wrong({ objects: { error: '403 networkpolicies is forbidden' } }), [
    {
      name: 'NetworkPolicies and port 15008',
      outcome: 'not seen',
      seen: '403 networkpolicies is forbidden',
    },
  ]);
});

test('what a mesh does not answer is not seen, and not taken for fine', async (t) => {
  const api = await startApiServer(t, { '/api/v1/info': { ...part(INFO).value, nowMs: Date.now() } });
  const client = createApiClient({ url: new URL(api.url), token: undefined });
  const results = judgeMesh(await gatherFacts({ api: client, lab: undefined, nodeApis: new Map() }));
  t.match(
    results.filter(({ outcome }) => outcome === 'not seen').map(({ name }) => name),
    ['proxies', 'certificates', 'enrolment', 'waypoints', 'policies', 'services'],
  );
  const { code, stdout } = await nodemesh(['check', '--address', api.url]);
  t.equal(code, stdout.includes('✗') ? 1 : 0);
  // Its clock stands still, and the question may take longer than that.
  t.match(stdout, /\nThe mesh\n(✓ clocks: all 1 within 5 s|! clock of the mesh)/);
});

test('silent ports are one line for each part, with one reason and where its log is', async (t) => {
  const port = (part: string, what: string, error?: string) =>
    error === undefined ? { part, what, value: 200 } : { part, what, error };
  t.match(portsChecks([port('controller', 'admin 15000')]), [{ outcome: 'ok', seen: 'all 1 answer' }]);
  const silent = portsChecks([
    port('controller', 'admin 15000'),
    port('ztunnel/node-2', 'admin 15000', 'refused'),
    port('ztunnel/node-2', 'metrics 15020', 'refused too'),
    { part: 'waypoint/shop/w', what: 'readiness 15021', value: 503 },
  ]);
  t.match(silent, [
    {
      name: 'ports of ztunnel/node-2',
      outcome: 'failed',
      seen: 'admin 15000, metrics 15020 silent: refused',
      hint: 'its log says why: nodemesh lab logs ztunnel/node-2',
    },
    {
      name: 'ports of waypoint/shop/w',
      seen: 'readiness 15021 silent: status 503',
      hint: 'its log says why: nodemesh lab logs -n shop deploy/w',
    },
  ]);
});
