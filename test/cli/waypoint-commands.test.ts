import { test } from 'tap';
import { namingWaypoint } from '../../src/cli/waypoint/delete.ts';
import { stuckPods } from '../../src/cli/waypoint/stuck-pods.ts';
import { isAccepted, readWaypoints, waypointClasses } from '../../src/cli/waypoint/waypoint-gateway.ts';
import type { KubeObject } from '../../src/lab/cluster/objects/index.ts';
import { nodemesh } from '../lab/support/lab-fixture.ts';

type Labels = Readonly<Record<string, string>>;

function object(
  kind: string,
  name: string,
  over: { labels?: Labels; spec?: object; status?: object } = {},
): KubeObject {
  const { labels = {}, spec = {}, status = {} } = over;
  return {
    apiVersion: 'v1',
    kind,
    metadata: {
      name,
      namespace: kind === 'Namespace' || kind === 'GatewayClass' ? '' : 'shop',
      uid: '',
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: '',
      labels,
      annotations: {},
    },
    spec,
    status,
  };
}

const WAYPOINT = { namespace: 'shop', name: 'waypoint' };

test('a waypoint’s name is refused where a Gateway could not have it', async (t) => {
  for (const name of ['Bad_Name', '-a', 'a.']) {
    const { code, stdout, stderr } = await nodemesh(['waypoint', 'generate', `--name=${name}`]);
    t.equal(code, 1);
    t.equal(stdout, '');
    t.match(stderr, `--name: expected lower-case letters, digits, '-' and '.', got "${name}"`);
  }
});

test('classes of waypoints are the two that are always there, and those of our controllers', async (t) => {
  const own = object('GatewayClass', 'edge', { spec: { controllerName: 'nodemesh.io/mesh-controller' } });
  const foreign = object('GatewayClass', 'nginx', { spec: { controllerName: 'nginx.org/gateway' } });
  t.same([...waypointClasses([own, foreign])], ['nodemesh-waypoint', 'istio-waypoint', 'edge']);
});

test('a waypoint that the controller does not accept is not taken for a good one', async (t) => {
  const gateway = (status: string) =>
    object('Gateway', 'waypoint', {
      spec: { gatewayClassName: 'nodemesh-waypoint' },
      status: { conditions: [{ type: 'Accepted', status }] },
    });
  const accepted = (status: string) => readWaypoints([gateway(status)], []).map(isAccepted);
  t.same(accepted('False'), [false]);
  t.same(accepted('True'), [true]);
});

test('a pod that does not come up is told, though others take the traffic', async (t) => {
  const labels = { 'gateway.networking.k8s.io/gateway-name': 'waypoint' };
  const pod = (name: string, reason: string | undefined, over: Labels = labels) =>
    object('Pod', name, {
      labels: over,
      spec: { containers: [{ name: 'w' }] },
      status: {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: reason === undefined ? 'True' : 'False' }],
        containerStatuses: [
          { restartCount: 3, state: reason === undefined ? { running: {} } : { waiting: { reason } } },
        ],
      },
    });
  const notes = stuckPods(
    WAYPOINT,
    [
      pod('old', undefined),
      pod('new', 'CrashLoopBackOff'),
      pod('younger', 'ContainerCreating'),
      pod('other', 'CrashLoopBackOff', {}),
    ],
    'nodemesh lab',
  );
  t.equal(notes.length, 1);
  t.match(notes[0], /^waypoint shop\/waypoint: pod new does not come up \(CrashLoopBackOff\)/);
});

test('whoever names a waypoint is found by each label that can, also as a canary', async (t) => {
  const users = namingWaypoint(
    [
      object('Namespace', 'shop', { labels: { 'istio.io/use-waypoint': 'waypoint' } }),
      object('Namespace', 'web', { labels: { 'istio.io/use-waypoint': 'waypoint' } }),
      object('Service', 'cart', { labels: { 'nodemesh.io/use-waypoint-canary': 'waypoint' } }),
      object('Service', 'pay', {
        labels: {
          'istio.io/use-waypoint-canary': 'waypoint',
          'istio.io/use-waypoint-canary-namespace': 'web',
        },
      }),
    ],
    WAYPOINT,
  );
  t.same(users, [
    { object: 'namespace shop', label: 'istio.io/use-waypoint' },
    { object: 'service shop/cart', label: 'nodemesh.io/use-waypoint-canary' },
  ]);
});
