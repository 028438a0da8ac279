import { test } from 'tap';
import {
  type Attachment,
  type ExtensionKey,
  extensionKey,
  gatewayKey,
  type HttpFilter,
  routeKey,
  serviceKey,
} from '../../../src/model/index.ts';
import { compileHolding } from '../../../src/waypoint/admission/holding-objects.ts';
import { holdingAt } from '../../../src/waypoint/admission/holding-at.ts';
import type { RouteSelection } from '../../../src/waypoint/routing/route-selection.ts';
import { ECHO, GATEWAY, makeRateLimit, selectionOf, TARGET, TO_GATEWAY } from './admission-fixtures.ts';

const DEFAULT: RouteSelection = { kind: 'default' };
const TO_SERVICE: Attachment = { kind: 'service', service: ECHO, port: undefined };
const TO_PORT: Attachment = { kind: 'service', service: ECHO, port: 80 };
const TO_ROUTE: Attachment = { kind: 'route', route: routeKey('HTTPRoute', 'shop', 'r'), rule: undefined };
const TO_RULE: Attachment = { kind: 'route', route: routeKey('HTTPRoute', 'shop', 'r'), rule: 'pay' };

function holding(
  objects: Readonly<Record<string, readonly Attachment[]>>,
  over: {
    readonly createdMs?: Readonly<Record<string, number>>;
    readonly target?: typeof TARGET;
    readonly ofConsumers?: boolean;
  } = {},
) {
  return compileHolding({
    objects: Object.entries(objects).map(([name, attachments]) =>
      makeRateLimit([], { name, attachments, createdMs: over.createdMs?.[name] ?? 0 }),
    ),
    gateway: GATEWAY,
    target: over.target ?? TARGET,
    ofConsumers: over.ofConsumers ?? true,
    isOwn: (key: ExtensionKey) => key.startsWith('RateLimit/'),
    compile: ({ name }) => (name === 'broken' ? undefined : name),
  });
}

function named(name: string, missing = false): HttpFilter {
  return { type: 'extension', object: extensionKey('RateLimit', 'shop', name), missing };
}

test('objects hold from the widest attachment to the narrowest, and last those that the rule names', async (t) => {
  const objects = holding({
    named: [],
    rule: [TO_RULE],
    route: [TO_ROUTE],
    port: [TO_PORT],
    service: [TO_SERVICE],
    gateway: [TO_GATEWAY],
    everywhere: [{ kind: 'waypoints', className: undefined }],
  });
  t.same(objects.of(DEFAULT).objects, ['everywhere', 'gateway', 'service', 'port']);
  t.same(objects.of({ kind: 'unmatched' }).objects, ['everywhere', 'gateway', 'service', 'port']);
  t.same(objects.of(selectionOf([named('named')], { name: 'pay' })).objects, [
    'everywhere',
    'gateway',
    'service',
    'port',
    'route',
    'rule',
    'named',
  ]);
  t.same(objects.of(selectionOf([])).objects, ['everywhere', 'gateway', 'service', 'port', 'route']);
});

test('what is attached elsewhere does not hold', async (t) => {
  const objects = holding({
    gateway: [{ kind: 'gateway', gateway: gatewayKey('shop', 'other') }],
    port: [{ kind: 'service', service: ECHO, port: 81 }],
    service: [{ kind: 'service', service: serviceKey('shop', 'other'), port: undefined }],
    route: [{ kind: 'route', route: routeKey('HTTPRoute', 'shop', 'other'), rule: undefined }],
  });
  t.same(objects.of(DEFAULT), { objects: [], missing: undefined });
  t.same(objects.of(selectionOf([])), { objects: [], missing: undefined });
});

test('what is not for consumers fails the requests of their routes, and no others', async (t) => {
  const elsewhere = { service: serviceKey('other', 'echo.other.svc.cluster.local'), port: 80 };
  for (const [target, ofConsumers, holds] of [
    [elsewhere, true, true],
    [elsewhere, false, false],
    [TARGET, false, true],
  ] as const) {
    const objects = holding({ a: [], b: [TO_ROUTE], wide: [TO_GATEWAY] }, { target, ofConsumers });
    const byName = objects.of(selectionOf([named('a')]));
    t.same(byName.objects, holds ? ['wide', 'b', 'a'] : ['wide']);
    t.equal(byName.missing, holds ? undefined : 'RateLimit/shop/b');
    t.equal(objects.of(selectionOf([])).missing, holds ? undefined : 'RateLimit/shop/b');
    t.equal(objects.of(DEFAULT).missing, undefined);
    const ofBackend = objects.namedBy([named('a')], selectionOf([]));
    t.same(ofBackend, { objects: holds ? ['a'] : [], missing: holds ? undefined : 'RateLimit/shop/a' });
  }
});

test('for a pod only what is attached to the gateway holds', async (t) => {
  const target = { service: undefined, port: 80 };
  const objects = holding({ gateway: [TO_GATEWAY], service: [TO_SERVICE] }, { target });
  t.same(objects.of(DEFAULT).objects, ['gateway']);
});

test('of the same width the older comes first, and each holds once', async (t) => {
  const objects = holding(
    { b: [TO_GATEWAY, TO_SERVICE], a: [TO_GATEWAY], c: [TO_GATEWAY] },
    { createdMs: { a: 2, b: 2, c: 1 } },
  );
  t.same(objects.of(DEFAULT).objects, ['c', 'a', 'b']);
  t.same(objects.of(selectionOf([named('b'), named('b')])).objects, ['c', 'a', 'b']);
});

test('a name without an object is told, whether the control plane or the waypoint misses it', async (t) => {
  const objects = holding({ a: [], broken: [] });
  t.equal(objects.of(selectionOf([named('a')])).missing, undefined);
  t.equal(objects.of(selectionOf([named('a', true)])).missing, 'RateLimit/shop/a');
  t.equal(objects.of(selectionOf([named('nobody')])).missing, 'RateLimit/shop/nobody');
  t.equal(objects.of(selectionOf([named('broken')])).missing, 'RateLimit/shop/broken');
  const other: HttpFilter = { type: 'extension', object: extensionKey('Filter', 'shop', 'x'), missing: true };
  t.equal(objects.of(selectionOf([other])).missing, undefined, 'another kind is another layer’s');
});

test('what a backend’s filters name holds behind the route, but for what has held for the request already', async (t) => {
  const objects = holding({ gateway: [TO_GATEWAY], named: [], other: [] });
  const context = (filters: readonly HttpFilter[]) => ({
    route: () => selectionOf([named('other')]),
    backendFilters: filters,
  });
  const at = (filters: readonly HttpFilter[]) => holdingAt('backend', objects, context(filters));
  t.same(at([]), { objects: [], missing: undefined });
  t.same(at([named('named'), named('gateway'), named('other')]).objects, ['named']);
  t.equal(at([named('named'), named('gone')]).missing, 'RateLimit/shop/gone');
  t.same(holdingAt('request', objects, context([named('named')])).objects, ['gateway', 'other']);
});
