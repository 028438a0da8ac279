import { create, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { test } from 'tap';
import * as resource from '../../../src/wire/generated/waypoint_pb.js';
import * as traffic from '../../../src/wire/generated/waypoint_traffic_pb.js';
import { WireError, waypointResourceCodec } from '../../../src/wire/index.ts';
import { sameValue } from '../support/same-value.ts';
import { trafficPolicies } from '../support/traffic-arbitraries.ts';

test('every traffic policy comes back as it went', async (t) => {
  fc.assert(
    fc.property(trafficPolicies, (policy) => {
      const bytes = waypointResourceCodec.encode({ kind: 'traffic', policy });
      sameValue(waypointResourceCodec.decode(bytes), { kind: 'traffic', policy });
      sameValue(waypointResourceCodec.encode({ kind: 'traffic', policy }), bytes);
    }),
    { numRuns: 500 },
  );
  t.pass('500 policies');
});

test('what this version does not understand is refused with the path of the field', async (t) => {
  const base = {
    kind: traffic.TrafficPolicyKind.TRAFFIC_POLICY,
    namespace: 'shop',
    name: 'cart',
  };
  const hash = (tableSize: number) => ({
    algorithm: {
      case: 'consistentHash' as const,
      value: create(traffic.ConsistentHashSchema, {
        key: { case: 'header', value: 'x-user' },
        table: traffic.HashTableKind.MAGLEV,
        tableSize,
      }),
    },
  });
  const cases: readonly (readonly [
    Parameters<typeof create<typeof traffic.TrafficPolicySchema>>[1],
    RegExp,
  ])[] = [
    [{ ...base, kind: traffic.TrafficPolicyKind.UNSPECIFIED }, /traffic\.kind/],
    [{ ...base, name: '' }, /traffic\.name/],
    [{ ...base, loadBalancer: {} }, /traffic\.load_balancer/],
    [{ ...base, loadBalancer: hash(2_000_000_000) }, /consistent_hash\.table_size/],
    [{ ...base, locality: {} }, /traffic\.locality\.mode/],
    [{ ...base, slowStart: { windowMs: 1n, aggression: Number.NaN } }, /slow_start\.aggression/],
    [{ ...base, outliers: { jitterPercent: 101 } }, /outliers\.jitter_percent/],
    [{ ...base, attachments: [{}] }, /attachments\[0\]/],
  ];
  for (const [message, path] of cases) {
    const policy = create(traffic.TrafficPolicySchema, message);
    const bytes = toBinary(
      resource.ResourceSchema,
      create(resource.ResourceSchema, { content: { case: 'traffic', value: policy } }),
    );
    t.throws(() => waypointResourceCodec.decode(bytes), { constructor: WireError, message: path });
  }
});
