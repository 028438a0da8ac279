import { test } from 'tap';
import { repeatStatusOfReplaced, writeRouteStatus } from '../../../src/controller/feedback/index.ts';
import {
  createSinkQueue,
  type ObjectNotice,
  type ObjectStatus,
  silentSink,
} from '../../../src/controller/sink/index.ts';
import { meshOf, serviceObject, type TestMesh } from '../support/mesh-of.ts';
import { BASE, backend, parent, route } from '../support/route-fixtures.ts';

interface Written {
  readonly mesh: TestMesh;
  readonly statuses: readonly ObjectStatus[];
  readonly events: readonly ObjectNotice[];
  /** Waits until everything is written, and forgets what was written before. */
  take(): Promise<{ readonly statuses: readonly ObjectStatus[]; readonly events: readonly ObjectNotice[] }>;
}

function following(): Written {
  const mesh = meshOf([]);
  const statuses: ObjectStatus[] = [];
  const events: ObjectNotice[] = [];
  const queue = createSinkQueue({
    sink: {
      ...silentSink,
      setStatus: async (status) => void statuses.push(status),
      recordEvent: async (event) => void events.push(event),
    },
  });
  writeRouteStatus(mesh.collections, queue, {});
  repeatStatusOfReplaced(mesh.collections, queue);
  return {
    mesh,
    statuses,
    events,
    async take() {
      await queue.idle();
      return { statuses: statuses.splice(0), events: events.splice(0) };
    },
  };
}

const rules = [{ backendRefs: [backend] }];

/** A namespace whose services have a waypoint. */
const BOUND = [
  ...BASE,
  {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'shop', labels: { 'istio.io/use-waypoint': 'waypoint' } },
  },
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'waypoint', namespace: 'shop' },
    spec: {
      gatewayClassName: 'istio-waypoint',
      listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }],
    },
  },
];

test('a route is told for each parent what became of it, with the generation that was looked at', async (t) => {
  const { mesh, take } = following();
  const parentRefs = [parent(), parent('pay', { port: 81, namespace: 'shop' }), { name: 'ingress' }];
  mesh.apply(...BASE, route('HTTPRoute', { parentRefs, rules }));
  const condition = (type: string, status: string, reason: string, message: string) => ({
    type,
    status,
    reason,
    message,
    observedGeneration: 3,
  });
  const resolved = condition('ResolvedRefs', 'True', 'ResolvedRefs', 'All references resolved');
  const controllerName = 'nodemesh.io/waypoint-controller';
  t.same((await take()).statuses, [
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      namespace: 'shop',
      name: 'r',
      writer: 'route-status',
      lists: {
        parents: {
          owner: { controllerName: ['nodemesh.io/waypoint-controller', 'istio.io/mesh-controller'] },
          key: 'parentRef',
          entries: [
            {
              parentRef: { group: '', kind: 'Service', name: 'cart' },
              controllerName,
              conditions: [condition('Accepted', 'True', 'Accepted', 'Route was valid'), resolved],
            },
            {
              parentRef: { group: '', kind: 'Service', namespace: 'shop', name: 'pay', port: 81 },
              controllerName,
              conditions: [condition('Accepted', 'False', 'NoMatchingParent', 'port 81 not found'), resolved],
            },
          ],
        },
      },
    },
  ]);
});

test('nothing is written to routes that are none of our business, unless it is to take back what we wrote', async (t) => {
  const { mesh, take } = following();
  const foreign = { parentRefs: [{ name: 'ingress' }], rules };
  mesh.apply(...BASE, route('HTTPRoute', foreign));
  t.same((await take()).statuses, []);
  const status = { parents: [{ controllerName: 'nodemesh.io/waypoint-controller' }] };
  mesh.apply({ ...route('HTTPRoute', foreign, 'left-over'), status });
  t.match((await take()).statuses, [{ name: 'left-over', lists: { parents: { entries: [] } } }]);
  mesh.apply(route('HTTPRoute', { rules }));
  t.match((await take()).statuses, [{ name: 'r', lists: { parents: { entries: [{}] } } }]);
  mesh.apply(route('HTTPRoute', foreign));
  t.match((await take()).statuses, [{ name: 'r', lists: { parents: { entries: [] } } }]);
});

test('a status is written again when it has changed, and for a route that came back', async (t) => {
  const { mesh, take } = following();
  mesh.apply(...BASE, route('HTTPRoute', { rules }));
  await take();
  mesh.apply(serviceObject('shop', 'cart', [80]));
  t.same((await take()).statuses, [], 'nothing of it concerns the status');
  mesh.remove(serviceObject('shop', 'cart'));
  t.match((await take()).statuses, [{ name: 'r' }]);
  mesh.remove(route('HTTPRoute', { rules }));
  t.same((await take()).statuses, [], 'there is nothing to write to');
  mesh.apply(route('HTTPRoute', { rules }));
  t.match((await take()).statuses, [{ name: 'r' }]);
});

test('what is not in force of a route is a Warning, once', async (t) => {
  const { mesh, take } = following();
  mesh.apply(...BOUND, route('HTTPRoute', { rules }));
  t.same((await take()).events, []);
  const filters = [{ type: 'CORS', cors: {} }];
  const cases: readonly (readonly [object, string])[] = [
    [{ parentRefs: [parent('gone')], rules }, 'NoMatchingParent'],
    [{ rules: [{ backendRefs: [{ name: 'gone', port: 80 }] }] }, 'BackendNotFound'],
    [{ rules: [...rules, { backendRefs: [{ ...backend, filters }] }] }, 'UnsupportedValue'],
  ];
  for (const [spec, reason] of cases) {
    mesh.apply(route('HTTPRoute', { ...spec }));
    t.match((await take()).events, [
      { kind: 'HTTPRoute', namespace: 'shop', name: 'r', type: 'Warning', reason },
    ]);
    mesh.apply(route('HTTPRoute', { ...spec }, 'r', 'shop', { generation: 4 }));
    t.same((await take()).events, [], 'it has been said');
  }
  mesh.apply(route('HTTPRoute', { rules }));
  t.same((await take()).events, []);
});

test('a route that nobody looks at is a Warning too, until its service has a waypoint', async (t) => {
  const { mesh, take } = following();
  mesh.apply(...BASE, route('HTTPRoute', { parentRefs: [parent(), parent('pay')], rules }));
  t.match((await take()).events, [
    { type: 'Warning', reason: 'NoWaypoint', message: /shop\/cart, shop\/pay/ },
  ]);
  mesh.apply(...BOUND);
  t.same((await take()).events, []);
  const [namespace = {}] = BOUND.slice(BASE.length);
  mesh.remove(namespace);
  t.match((await take()).events, [{ reason: 'NoWaypoint' }], 'and again when it has none any more');
});

test('a route that was deleted and made anew in one change is told what the one before was told', async (t) => {
  const { mesh, take } = following();
  const made = (uid: string) => route('HTTPRoute', { rules }, 'r', 'shop', { uid });
  mesh.apply(...BASE, made('first'));
  const { statuses } = await take();
  t.equal(statuses.length, 1);
  mesh.apply(made('first'));
  t.same((await take()).statuses, [], 'the same object');
  mesh.apply(made('second'));
  t.same((await take()).statuses, statuses);
});
