import { after, before, test } from 'tap';
import { until } from '../../mesh/support/world.ts';
import { deployment, httpRoute, service, WAYPOINT, waypointGateway } from '../support/objects.ts';
import { startSteadyLoad } from '../support/steady-load.ts';
import { metricSum, waypointMetrics, waypointPods } from '../support/waypoint-pods.ts';
import { SHOP, startWaypointWorld, type WaypointWorld, withoutWaypoint } from '../support/waypoint-world.ts';

const REQUESTS_PER_SECOND = 200;
/** So many that one of them is a smaller share than the budget of retries. */
const BACKENDS = 8;
const RETRY_SHARE = 0.2;
/** How long each trouble lasts. */
const TROUBLE_MS = 3_000;

const PORT = { name: 'http', port: 80, targetPort: 8080, appProtocol: 'http' };

let world: WaypointWorld;
before(async () => {
  world = await startWaypointWorld({
    name: 'harness-chaos',
    server: [backends('1'), service(SHOP, 'server', { app: 'server' }, [PORT])],
    more: [
      httpRoute(SHOP, 'server', 'server', {
        backendRefs: [{ name: 'server', port: 80 }],
        retry: { attempts: 2, codes: [503], backoff: '25ms' },
      }),
    ],
  });
});
after(() => world.lab.down());

function backends(version: string): object {
  return deployment({
    namespace: SHOP,
    name: 'server',
    replicas: BACKENDS,
    program: 'chaos-server.ts',
    annotations: { 'harness/version': version },
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function lookUp<T>(kind: string, ...names: string[]): Promise<T> {
  return JSON.parse(await world.lab.lab('get', kind, ...names, '-n', SHOP, '-o', 'json')) as T;
}

async function oneBackend(): Promise<string> {
  const names = (await world.lab.lab('get', 'pods', '-n', SHOP)).match(/^server-\S+/gm) ?? [];
  return names[0] ?? '';
}

/** A backend's mode is set from inside its own pod. */
async function tell(pod: string, mode: string): Promise<void> {
  const script = `fetch("http://127.0.0.1:8080/be?mode=${mode}").then((r) => r.text()).then(console.log)`;
  await world.lab.lab('exec', '-n', SHOP, pod, '--', 'node', '-e', script);
}

async function untilRolledOut(name: string, replicas: number): Promise<void> {
  interface Rollout {
    readonly metadata: { readonly generation: number };
    readonly status?: Readonly<Record<string, unknown>>;
  }
  await until(
    `${replicas} new pods of ${name}`,
    async () => {
      const { metadata, status } = await lookUp<Rollout>('deployment', name);
      return (
        status?.observedGeneration === metadata.generation &&
        [status.updatedReplicas, status.readyReplicas, status.replicas].every((count) => count === replicas)
      );
    },
    60_000,
  );
}

/** What each waypoint counted, the latest that was seen; those that are gone stay. */
const counted = new Map<string, string>();
async function countRetries(): Promise<void> {
  for (const [pod, metrics] of await waypointMetrics(world.lab, SHOP)) counted.set(pod, metrics);
}

async function scaleWaypoint(replicas: number): Promise<void> {
  await world.lab.lab('scale', 'deployment', WAYPOINT, '-n', SHOP, '--replicas', String(replicas));
  await untilRolledOut(WAYPOINT, replicas);
  await until(`${replicas} waypoints`, async () => (await waypointPods(world.lab, SHOP)).length === replicas);
}

/** As a user who wants other annotations on the pods: they are made anew. */
async function replaceWaypoint(): Promise<void> {
  const old = await waypointPods(world.lab, SHOP);
  const gateway = waypointGateway(SHOP) as { readonly spec: object };
  const infrastructure = { annotations: { 'harness/replaced': 'yes' } };
  await world.lab.apply({ ...gateway, spec: { ...gateway.spec, infrastructure } });
  await until(
    'another waypoint in the place of the old',
    async () => {
      const now = await waypointPods(world.lab, SHOP);
      return now.length === old.length && now.every((pod) => !old.includes(pod));
    },
    60_000,
  );
}

/** What happens to the service, in this order, while its clients keep asking. */
const TROUBLES: Readonly<Record<string, () => Promise<void>>> = {
  'nothing happens': () => pause(TROUBLE_MS),
  async 'backends are killed'() {
    for (let turn = 0; turn < 3; turn++) {
      // The answer to the order dies with it.
      await tell(await oneBackend(), 'dead').then(
        () => undefined,
        () => undefined,
      );
      await pause(TROUBLE_MS / 3);
    }
  },
  'a backend is slow': () => withMode('slow'),
  'a backend resets': () => withMode('resetting'),
  'a backend answers 503': () => withMode('failing'),
  async 'the service is rolled out anew'() {
    await world.lab.apply(backends('2'));
    await untilRolledOut('server', BACKENDS);
  },
  async 'the waypoint is scaled to three'() {
    await scaleWaypoint(3);
    await pause(TROUBLE_MS);
    await countRetries();
  },
  'the waypoint is scaled to one': () => scaleWaypoint(1),
  'the waypoint is replaced': () => replaceWaypoint(),
};

async function withMode(mode: string): Promise<void> {
  const pod = await oneBackend();
  await tell(pod, mode);
  await pause(TROUBLE_MS);
  await tell(pod, 'well');
}

test('whatever happens behind a waypoint, its clients see no error', { timeout: 300_000 }, async (t) => {
  const load = await startSteadyLoad(world.lab, world.host, REQUESTS_PER_SECOND);
  for (const [what, happen] of Object.entries(TROUBLES)) {
    if (withoutWaypoint && what.includes('waypoint')) continue;
    load.during(what);
    const startedMs = performance.now();
    await happen();
    await countRetries();
    await pause(500);
    t.comment(`${what}: ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
  }
  const report = await load.stop();
  t.comment(`${report.sent} requests, the slowest ${report.slowestMs} ms`);
  t.same(report.failures, {});
  t.equal(report.ok, report.sent);
  t.ok(report.sent > 10 * REQUESTS_PER_SECOND, 'the load went on all the time');

  let retries = 0;
  for (const [pod, metrics] of counted) {
    const made = metricSum(metrics, 'nodemesh_retries_total', { outcome: 'made' });
    const requests = metricSum(metrics, 'istio_requests_total', { reporter: 'waypoint' });
    t.ok(made <= requests * RETRY_SHARE, `${pod}: ${made} retries for ${requests} requests`);
    retries += made;
  }
  t.ok(counted.size >= 3, `${counted.size} waypoints were looked at`);
  t.ok(retries > 0, `${retries} requests were tried again`);
});
