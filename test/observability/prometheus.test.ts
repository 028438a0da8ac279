import { after, before, type Test, test } from 'tap';
import { resolve } from 'node:path';
import { BOARDS } from '../../scripts/grafana/boards.ts';
import { ENROLLED, namespace } from '../mesh/support/objects.ts';
import { until } from '../mesh/support/world.ts';
import { service } from '../waypoint-mesh/support/objects.ts';
import { startProgram } from '../waypoint-mesh/support/program.ts';
import {
  CLIENTS,
  SHOP,
  startWaypointWorld,
  type WaypointWorld,
} from '../waypoint-mesh/support/waypoint-world.ts';
import {
  CROWDED,
  crowdedObjects,
  ELSEWHERE,
  elsewhere,
  lostService,
  notUnderstoodPolicy,
  type OldControllers,
  prepareOldControllers,
  trafficPod,
} from './support/alert-causes.ts';
import { CONTROLLER, labStatus, scrapeTargets, serverPod, ztunnelPid } from './support/observed-lab.ts';
import { type Prometheus, preparePrometheus } from './support/prometheus.ts';

// A real Prometheus scrapes a lab: each alert fires when its cause is made, and every query of every board has data.
// NodemeshRevocationListsLate takes days without a controller; promtool shows it alone.
const prepared = preparePrometheus('daemonset/prometheus/nodemesh.rules.yaml');
let prometheus: Prometheus;
let oldControllers: OldControllers;
let world: WaypointWorld;
before(async () => {
  oldControllers = await prepareOldControllers([20, 5, 0.5]);
  world = await startWaypointWorld({
    name: 'observe-prometheus',
    more: [
      ...prepared.objects,
      ...oldControllers.objects,
      ...crowdedObjects,
      ...elsewhere,
      lostService,
      notUnderstoodPolicy,
    ],
    // Short enough that a certificate gets old while a test waits.
    upOptions: ['--svid-ttl', '40s', '--no-validate'],
  });
  await world.lab.apply(trafficPod(world.host));
  prometheus = await prepared.scrape(world.lab, await scrapeTargets(world.lab, oldControllers.prefix));
});
// Nothing else of this process may be open by now: `after` waits until it is idle.
after(async () => {
  await world?.lab.down();
  await oldControllers?.remove();
  await prepared.remove();
});

async function untilFiring(t: Test, ...alerts: readonly string[]): Promise<void> {
  for (const alert of alerts) {
    const fires = async (): Promise<boolean> => (await prometheus.firing()).has(alert);
    await until(`${alert} fires`, fires, 90_000);
    t.pass(alert);
  }
}

/** What nothing has given a cause for yet. */
async function areQuiet(t: Test, ...alerts: readonly string[]): Promise<void> {
  const firing = await prometheus.firing();
  for (const alert of alerts) t.notOk(firing.has(alert), `${alert} does not fire yet`);
}

/** In the first client's pod. Whether it fails is for who asks. */
async function client(...command: readonly string[]): Promise<void> {
  const args = ['exec', '-n', CLIENTS, 'client-1', '--', ...command];
  await world.lab.lab(...args).catch(() => undefined);
}

test('revocation lists that are not in force', async (t) => {
  await until(
    'ztunnels and waypoint are scraped',
    async () => (await prometheus.query('nodemesh_svids')).length >= 3,
  );
  t.same(await prometheus.query('nodemesh_revocation_lists_not_after_seconds'), []);
  await areQuiet(t, 'NodemeshRevocationListsLate');
});

test('roots that are about to expire', { timeout: 300_000 }, (t) =>
  untilFiring(
    t,
    'NodemeshAuthorityExpiresIn30Days',
    'NodemeshAuthorityExpiresIn7Days',
    'NodemeshAuthorityExpiresIn1Day',
  ),
);

test('a policy that is not understood', { timeout: 300_000 }, (t) =>
  untilFiring(t, 'NodemeshPolicyNotUnderstood'),
);

test('traffic that is refused because its waypoint is missing, and traffic round a waypoint', {
  timeout: 300_000,
}, async (t) => {
  await areQuiet(t, 'NodemeshFailsClosed', 'NodemeshWaypointBypassed');
  const { podIP } = (await serverPod(world.lab)).status;
  // An increase is seen from the second value on.
  for (let count = 0; count < 3; count++) {
    await client('curl', '-s', '-m', '3', `http://nowhere.${SHOP}.svc.cluster.local/`);
    await client('curl', '-s', '-m', '3', `http://${podIP}:8080/status`);
    await new Promise((settle) => setTimeout(settle, 1_500));
  }
  await untilFiring(t, 'NodemeshFailsClosed', 'NodemeshWaypointBypassed');
});

test('requests that fail, and more of them than retries may mend', {
  timeout: 180_000,
}, async (t) => {
  await areQuiet(t, 'NodemeshRequestsFail', 'NodemeshRetryBudgetSpent');
  const load = client(...['h2load', '--h1', '-D', '15', '-c', '50', `http://${world.host}/status?code=503`]);
  await untilFiring(t, 'NodemeshRequestsFail', 'NodemeshRetryBudgetSpent');
  await load;
});

test('more requests than a waypoint has time for', { timeout: 300_000 }, async (t) => {
  const load = client(...['h2load', '-D', '15', '-c', '10', '-m', '30', `http://${ELSEWHERE}:81/`]);
  // On a busy machine the others have no time left either.
  const expression = 'ALERTS{alertname="NodemeshProxySaturated", alertstate="firing", job="waypoint"}';
  const fires = async (): Promise<boolean> => (await prometheus.query(expression)).length > 0;
  await until('NodemeshProxySaturated fires', fires, 90_000);
  t.pass('NodemeshProxySaturated');
  await load;
});

test('a pod that cannot be enrolled', { timeout: 300_000 }, async (t) => {
  await areQuiet(t, 'NodemeshEnrolmentHangs');
  await world.lab.apply(namespace(CROWDED, ENROLLED));
  await untilFiring(t, 'NodemeshEnrolmentHangs');
});

test('a proxy that refuses what it is told', { timeout: 300_000 }, async (t) => {
  await areQuiet(t, 'NodemeshProxyRejects');
  const { stateDirectory } = await labStatus(world.lab);
  const older = await startProgram(
    world.lab,
    { namespace: 'monitoring', name: 'prometheus' },
    resolve('test/observability/programs/older-ztunnel.ts'),
    `${CONTROLLER}:15012`,
    `${stateDirectory}/ca/root-cert.pem`,
    `${stateDirectory}/tokens/ztunnel-node-2-1`,
  );
  try {
    await untilFiring(t, 'NodemeshProxyRejects');
  } finally {
    await older.finish();
  }
});

test('a proxy that acknowledges nothing', { timeout: 300_000 }, async (t) => {
  await areQuiet(t, 'NodemeshProxyStale');
  const pid = await ztunnelPid(world.lab, 'node-2');
  process.kill(pid, 'SIGSTOP');
  try {
    await world.lab.apply(namespace('late', ENROLLED), service('late', 'late', { app: 'late' }));
    await untilFiring(t, 'NodemeshProxyStale');
  } finally {
    process.kill(pid, 'SIGCONT');
  }
});

test('certificates that nobody renews', { timeout: 180_000 }, async (t) => {
  await world.lab.lab('stop', 'controller');
  await untilFiring(t, 'NodemeshCertificateRenewalFails', 'NodemeshCertificateLate');
  await world.lab.lab('start', 'controller');
  const isQuiet = async (): Promise<boolean> => !(await prometheus.firing()).has('NodemeshCertificateLate');
  await until('the alert ends', isQuiet, 90_000);
});

test('every query of every board has data', { timeout: 240_000 }, async (t) => {
  // A tunnel that cannot be opened is among what is drawn.
  const { nodeName } = (await serverPod(world.lab)).spec;
  const other = nodeName === 'node-1' ? 'client-2' : 'client-1';
  await world.lab.lab('stop', 'ztunnel', nodeName);
  const load = ['h2load', '--h1', '-D', '4', '-c', '4', `http://${world.host}/status`];
  await world.lab.lab('exec', '-n', CLIENTS, other, '--', ...load).catch(() => undefined);
  await world.lab.lab('start', 'ztunnel', nodeName);
  for (const { title, queries } of BOARDS.flatMap(({ rows }) => rows.flatMap(({ panels }) => panels))) {
    for (const [query] of queries) {
      const expression = query
        .replaceAll('$__rate_interval', '2m')
        .replaceAll(/\$(namespace|instance|backend)/g, '.*');
      const hasData = async (): Promise<boolean> =>
        (await prometheus.query(expression)).some(Number.isFinite);
      const got = await until(title, hasData, 20_000).then(
        () => true,
        () => false,
      );
      t.ok(got, `${title}: ${expression}`);
    }
  }
});
