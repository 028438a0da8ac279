import { test } from 'tap';
import {
  type Attachment,
  type ExtensionKey,
  gatewayKey,
  type HttpRoute,
  routeKey,
  type ServiceKey,
  type TrafficPolicy,
  type WaypointResource,
} from '../../src/model/index.ts';
import { createResourceStore, type ResourceReach } from '../../src/waypoint/resources/resource-store.ts';

const GATEWAY = gatewayKey('shop', 'waypoint');
const CART = 'shop/cart.shop.svc.cluster.local' as ServiceKey;
const PAYMENTS = 'shop/payments.shop.svc.cluster.local' as ServiceKey;

function route(
  name: string,
  services: readonly ServiceKey[],
  extension?: ExtensionKey,
  backends: readonly ServiceKey[] = [],
): WaypointResource {
  const filters =
    extension === undefined ? [] : [{ type: 'extension', object: extension, missing: false } as const];
  const made: HttpRoute = {
    key: routeKey('HTTPRoute', 'shop', name),
    kind: 'HTTPRoute',
    namespace: 'shop',
    name,
    createdMs: 1,
    parents: services.map((service) => ({ service, port: undefined })),
    hostnames: [],
    rules: [
      {
        name: '',
        matches: [{ path: { kind: 'prefix', value: '/' }, method: undefined, headers: [], query: [] }],
        filters,
        backends: backends.map((service) => ({
          weight: 1,
          target: { kind: 'service', service, port: 80 },
          filters: [],
        })),
        timeouts: { requestMs: undefined, backendRequestMs: undefined },
        retry: undefined,
        sessionPersistence: undefined,
      },
    ],
  };
  return { kind: 'route', route: made };
}

/** Any kind with attachments does; only these count here. */
function attached(name: string, attachments: readonly Attachment[]): WaypointResource {
  return { kind: 'traffic', policy: { name, attachments } as unknown as TrafficPolicy };
}

function named(resource: WaypointResource): string {
  return resource.kind === 'route'
    ? resource.route.name
    : resource.kind === 'traffic'
      ? resource.policy.name
      : '';
}

function store() {
  const reaches: ResourceReach[] = [];
  const made = createResourceStore(GATEWAY);
  made.changes.subscribe((reach) => reaches.push(reach));
  const put = (name: string, resource: WaypointResource): void =>
    made.apply({ upserts: [{ name, resource }], removed: [] });
  const names = (service: ServiceKey): readonly string[] => made.concerning(service).map(named).sort();
  return { made, put, names, reaches };
}

test('a route concerns its parents, and a change of them the old ones too', async (t) => {
  const { put, names, reaches } = store();
  put('r', route('r', [CART]));
  t.same(names(CART), ['r']);
  t.same(names(PAYMENTS), []);
  put('r', route('r', [PAYMENTS]));
  t.same(names(CART), []);
  t.same(names(PAYMENTS), ['r']);
  t.same([...(reaches.at(-1)?.services ?? [])].sort(), [CART, PAYMENTS]);
});

test('what is attached to this gateway concerns everything, to another gateway nothing', async (t) => {
  const { put, names, reaches, made } = store();
  put('own', attached('own', [{ kind: 'gateway', gateway: GATEWAY }]));
  put('other', attached('other', [{ kind: 'gateway', gateway: gatewayKey('shop', 'other') }]));
  t.same(names(CART), ['own']);
  t.same(made.attachedToGateway().map(named), ['own']);
  t.equal(reaches[0]?.everything, true);
});

test('what is attached to a route concerns the services of that route, whichever came first', async (t) => {
  const first = store();
  first.put(
    'p',
    attached('p', [{ kind: 'route', route: routeKey('HTTPRoute', 'shop', 'r'), rule: undefined }]),
  );
  first.put(routeKey('HTTPRoute', 'shop', 'r'), route('r', [CART]));
  t.same(first.names(CART), ['p', 'r']);

  const second = store();
  second.put(routeKey('HTTPRoute', 'shop', 'r'), route('r', [CART]));
  second.put(
    'p',
    attached('p', [{ kind: 'route', route: routeKey('HTTPRoute', 'shop', 'r'), rule: undefined }]),
  );
  t.same(second.names(CART), ['p', 'r']);
  t.same([...(second.reaches.at(-1)?.services ?? [])], [CART]);
});

test('an object that a route names concerns that route, and its change too', async (t) => {
  const { put, names, reaches } = store();
  const key = 'Filter/shop/stamp' as ExtensionKey;
  put('r', route('r', [CART], key));
  put(key, attached('stamp', []));
  t.same(names(CART), ['r', 'stamp']);
  t.same([...(reaches.at(-1)?.services ?? [])], [CART]);
});

test('how a backend is to be reached concerns the services whose routes send to it', async (t) => {
  const { put, names, reaches } = store();
  put('r', route('r', [CART], undefined, [PAYMENTS]));
  put('p', attached('p', [{ kind: 'service', service: PAYMENTS, port: undefined }]));
  t.same(names(CART), ['p', 'r']);
  t.same([...(reaches.at(-1)?.services ?? [])].sort(), [CART, PAYMENTS]);
  t.same(names(PAYMENTS), ['p'], 'but its requests are routed by its own routes');
});

test('removing gives back everything as it was', async (t) => {
  const { put, names, reaches, made } = store();
  put('r', route('r', [CART]));
  put('p', attached('p', [{ kind: 'service', service: CART, port: undefined }]));
  made.apply({ upserts: [], removed: ['r', 'p', 'never there'] });
  t.same(names(CART), []);
  t.equal(made.size, 0);
  const before = reaches.length;
  made.apply({ upserts: [], removed: ['r'] });
  t.equal(reaches.length, before, 'nothing is told when nothing changed');
});
