import { test } from 'tap';
import { GUARD_HEADER, guardRow, guardsIn } from '../../src/cli/mesh/guards/index.ts';
import { SERVICES } from '../../src/cli/mesh/rows.ts';
import {
  gatewayKey,
  policyKey,
  type RequestPolicy,
  serviceKey,
  type WaypointResource,
} from '../../src/model/index.ts';
import { nodemesh } from '../lab/support/lab-fixture.ts';

const CART = {
  kind: 'service',
  service: serviceKey('shop', 'cart.shop.svc.cluster.local'),
  port: 8080,
} as const;
const policy = (name: string, over: Partial<RequestPolicy> = {}): WaypointResource => ({
  kind: 'authorization',
  policy: {
    key: policyKey('shop', name),
    namespace: 'shop',
    name,
    attachments: [CART],
    action: { kind: 'allow' },
    rules: [],
    dryRun: false,
    ...over,
  },
});
const RESOURCES: readonly WaypointResource[] = [
  policy('try', {
    dryRun: true,
    attachments: [{ kind: 'gateway', gateway: gatewayKey('shop', 'waypoint') }],
  }),
  policy('ask', { action: { kind: 'custom', provider: 'opa' } }),
  policy('broken', { action: { kind: 'deny' }, notUnderstood: 'spec.rules[0].form: unknown' }),
  policy('RequestAuthentication:jwt', { action: { kind: 'deny' }, notUnderstood: 'spec.jwtRules[0]' }),
  { kind: 'bound-service', service: CART.service },
];

test('what waypoints enforce is listed by kind, with what it is attached to', async (t) => {
  const rows = guardsIn('shop/waypoint', RESOURCES).map((guard) =>
    guardRow(guard).map((lines) => lines.join('; ')),
  );
  t.same(rows, [
    [
      'shop/waypoint',
      'RequestAuthentication',
      'shop/jwt',
      'refuses all',
      'service shop/cart:8080',
      'not understood: spec.jwtRules[0]',
    ],
    ['shop/waypoint', 'AuthorizationPolicy', 'shop/ask', 'custom by opa', 'service shop/cart:8080', ''],
    [
      'shop/waypoint',
      'AuthorizationPolicy',
      'shop/broken',
      'refuses all',
      'service shop/cart:8080',
      'not understood: spec.rules[0].form: unknown',
    ],
    ['shop/waypoint', 'AuthorizationPolicy', 'shop/try', 'allow (dry run)', 'gateway shop/waypoint', ''],
  ]);
  t.equal(rows[0]?.length, GUARD_HEADER.length);
});

test('nodemesh policies shows what waypoints do behind what node proxies do', async (t) => {
  const policies = [
    { name: 'l4', namespace: 'shop', action: 'Deny', scope: 'Namespace', notUnderstood: 'x' },
  ];
  const input = JSON.stringify({ policies, gateway: 'shop/waypoint', resources: RESOURCES });
  const { stdout } = await nodemesh(['policies', '--file', '-'], { input });
  t.match(
    stdout,
    /^NAMESPACE POLICY NAME ACTION +SCOPE\nshop +l4 +Deny\(not-understood\) +Namespace\n\nWAYPOINT +KIND/,
  );
  const json = await nodemesh(['policies', '--file', '-', '-o', 'json'], { input });
  t.match(JSON.parse(json.stdout), [
    { name: 'l4' },
    { kind: 'RequestAuthentication', waypoint: 'shop/waypoint' },
  ]);
});

test('a service is shown with its canary, and with a waypoint that cannot be had', async (t) => {
  const cell = (service: object): string | undefined => {
    const dumped = { name: 'cart', namespace: 'shop', ...service };
    return SERVICES.row(
      dumped,
      { services: [{ name: 'w', namespace: 'shop', vips: ['/10.96.0.9'] }] },
      0,
    )[0]?.[3];
  };
  t.equal(cell({}), 'None');
  t.equal(
    cell({ waypoint: { destination: 'apps/nosuch.missing.waypoint.invalid' } }),
    'apps/nosuch(missing)',
  );
  t.equal(
    cell({
      waypoint: { destination: '/10.96.0.9' },
      weightedWaypoints: [
        { destination: '/10.96.0.9', weight: 95 },
        { destination: 'shop/canary.shop.svc.cluster.local', weight: 5 },
      ],
    }),
    'w(95%),canary.shop.svc.cluster.local(5%)',
  );
});
