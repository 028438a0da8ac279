import { test } from 'tap';
import { extensionKey } from '../../../src/model/index.ts';
import { NOTHING_HOLDS } from '../../../src/waypoint/admission/holding-objects.ts';
import { createFaultInjector } from '../../../src/waypoint/faults/fault-injector.ts';
import { faultLayer } from '../../../src/waypoint/layers/admission/fault.ts';
import { createTimeoutLayer } from '../../../src/waypoint/layers/resilience/timeout.ts';
import { compose } from '../../../src/waypoint/request/layer.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { GATEWAY, makeFault, selectionOf, TARGET } from '../admission/admission-fixtures.ts';
import { makeContext, makeRequest, recordingHandler } from '../request-fixtures.ts';

function createWorld(delayMs: number, requestMs: number | undefined) {
  const clock = createFakeClock();
  const injector = createFaultInjector({
    gateway: GATEWAY,
    clock,
    metrics: { injected: () => undefined },
  });
  const share = { numerator: 1, denominator: 1 };
  const fault = makeFault([{ name: 'r', conditions: [], delay: { share, delayMs }, abort: undefined }]);
  const resource = { kind: 'fault-injection' as const, fault };
  injector.apply({ upserts: [{ name: fault.key, resource }], removed: [] });
  const selection = selectionOf([], { timeouts: { requestMs, backendRequestMs: undefined } });
  const context = makeContext({}, { startedMs: clock.monotonic(), route: () => selection });
  const handler = recordingHandler();
  const layers = compose([faultLayer({ injector, clock }), createTimeoutLayer({ clock })], handler);
  const plan = { ...context.plan, faults: injector.compile(TARGET, [resource]) };
  const ends: string[] = [];
  layers(makeRequest(), { ...context, plan }).then(
    ({ status }) => ends.push(String(status)),
    (error: { readonly code?: string }) => ends.push(error.code ?? ''),
  );
  return { clock, handler, ends };
}

test('a delay is a part of the request’s time: where that ends, the client is told so then', async (t) => {
  const { clock, handler, ends } = createWorld(5_000, 1_000);
  await clock.advance(999);
  t.same(ends, []);
  await clock.advance(1);
  t.same(ends, ['ERR_WAYPOINT_REQUEST_TIMEOUT']);
  t.equal(handler.calls.length, 0, 'nothing was sent anywhere');
});

test('a delay shorter than the request may take leaves the rest of the time to the backend', async (t) => {
  const { clock, handler, ends } = createWorld(400, 1_000);
  await clock.advance(400);
  t.equal(handler.calls.length, 1);
  t.same(ends, ['200']);
});

test('without a time limit the delay is as long as it says', async (t) => {
  const { clock, ends } = createWorld(60_000, undefined);
  await clock.advance(59_999);
  t.same(ends, []);
  await clock.advance(1);
  t.same(ends, ['200']);
});

test('a rule that names faults which are not there is answered with 500', async (t) => {
  const layer = faultLayer({ injector: { inject: async () => undefined }, clock: createFakeClock() });
  const context = makeContext();
  const missing = extensionKey('FaultInjection', 'shop', 'gone');
  const plan = { ...context.plan, faults: { ...NOTHING_HOLDS, of: () => ({ objects: [], missing }) } };
  await t.rejects(layer(recordingHandler())(makeRequest(), { ...context, plan }), {
    code: 'ERR_WAYPOINT_EXTENSION_MISSING',
  });
});
