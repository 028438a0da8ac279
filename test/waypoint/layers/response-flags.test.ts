import { test } from 'tap';
import type { Traffic } from '../../../src/telemetry/index.ts';
import { WaypointError, type WaypointErrorCode } from '../../../src/waypoint/errors.ts';
import { metricsLayer } from '../../../src/waypoint/layers/observation/metrics.ts';
import type { RequestRecord } from '../../../src/waypoint/request/request-record.ts';
import { makeWorkload } from '../../model/mesh-fixtures.ts';
import { makeContext, makeRequest, recordingHandler } from '../request-fixtures.ts';

function failed(code: WaypointErrorCode): Partial<RequestRecord> {
  const error = new WaypointError({ code, blame: 'local', message: 'x' });
  return { error, reason: code, policy: 'shop/a' };
}

/** [what a request's record says at its end, the flag of its metrics]. */
const CASES: readonly (readonly [Partial<RequestRecord>, string])[] = [
  [{}, '-'],
  [failed('ERR_WAYPOINT_RATE_LIMITED'), 'RL'],
  [failed('ERR_WAYPOINT_FAULT_INJECTED'), 'FI'],
  [failed('ERR_WAYPOINT_DENIED'), 'DENY'],
  [failed('ERR_WAYPOINT_FILTER_FAILED'), 'DENY'],
  [{ reason: 'filter_answered', policy: 'shop/a' }, '-'],
  [{ reason: 'ERR_WAYPOINT_NO_ROUTE' }, '-'],
];

async function countedAs(record: Partial<RequestRecord>): Promise<readonly Traffic[]> {
  const counted: Traffic[] = [];
  const layer = metricsLayer({
    http: { ended: ({ traffic }) => counted.push(traffic) },
    decisions: { refused: () => undefined, dryRun: () => undefined, bypassed: () => undefined },
  });
  const listeners: (() => void)[] = [];
  const base = makeContext();
  const context = {
    ...base,
    record: { ...base.record, ...record },
    onEnd: (listener: () => void) => listeners.push(listener),
  };
  await layer(recordingHandler())(makeRequest(), context);
  for (const listener of listeners) listener();
  return counted;
}

test('metrics tell refusals apart as Envoy’s users know them', async (t) => {
  for (const [record, expected] of CASES)
    t.match(await countedAs(record), [{ responseFlags: expected }], JSON.stringify(record));
});

test('metrics name the destination’s identity where a tunnel has proved it', async (t) => {
  const principalOf = async (tunnelProtocol: 'hbone' | 'none') => {
    const upstream = makeWorkload({ name: 'cart', serviceAccount: 'cart', tunnelProtocol });
    return (await countedAs({ upstream }))[0]?.destination.identity?.id;
  };
  t.equal(await principalOf('hbone'), 'spiffe://cluster.local/ns/shop/sa/cart');
  t.equal(await principalOf('none'), undefined);
});
