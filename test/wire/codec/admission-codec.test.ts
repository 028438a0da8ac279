import { create, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { test } from 'tap';
import * as fault from '../../../src/wire/generated/waypoint_fault_pb.js';
import * as filter from '../../../src/wire/generated/waypoint_filter_pb.js';
import * as resource from '../../../src/wire/generated/waypoint_pb.js';
import * as limit from '../../../src/wire/generated/waypoint_rate_limit_pb.js';
import { WireError, waypointResourceCodec, waypointResourceName } from '../../../src/wire/index.ts';
import { admissionResources } from '../support/admission-arbitraries.ts';
import { sameValue } from '../support/same-value.ts';

test('rate limits, fault injections and filters come back as they went, under their own name', async (t) => {
  fc.assert(
    fc.property(admissionResources, (value) => {
      const bytes = waypointResourceCodec.encode(value);
      const decoded = waypointResourceCodec.decode(bytes);
      sameValue(decoded, value);
      sameValue(waypointResourceCodec.encode(value), bytes);
      sameValue(waypointResourceName(decoded), waypointResourceName(value));
    }),
    { numRuns: 1_000 },
  );
  t.pass('1,000 resources');
});

type Content = Exclude<resource.Resource['content'], { case: undefined }>;

function rateLimit(given: Parameters<typeof create<typeof limit.RateLimitSchema>>[1]): Content {
  const message = { namespace: 'shop', name: 'cart', ...given };
  return { case: 'rateLimit', value: create(limit.RateLimitSchema, message) };
}

function faultRule(given: Parameters<typeof create<typeof fault.FaultRuleSchema>>[1]): Content {
  const message = { namespace: 'shop', name: 'cart', rules: [{ name: 'r', ...given }] };
  return { case: 'faultInjection', value: create(fault.FaultInjectionSchema, message) };
}

const share = { numerator: 1, denominator: 1 };
const whole = { requests: 1n, intervalMs: 1n, burst: 1n };

const REFUSED: readonly (readonly [Content, RegExp])[] = [
  [rateLimit({ name: '' }), /rate_limit\.name/],
  [rateLimit({ attachments: [{}] }), /attachments\[0\]/],
  [rateLimit({ rules: [{ name: 'r', limits: [{ ...whole, requests: 0n }] }] }), /limits\[0\]\.requests/],
  [rateLimit({ rules: [{ name: 'r', limits: [{ ...whole, burst: 2n ** 60n }] }] }), /limits\[0\]\.burst/],
  [rateLimit({ rules: [{ name: 'r', limits: [{ ...whole, per: [{}] }] }] }), /per\[0\]/],
  [rateLimit({ rules: [{ name: 'r', conditions: [{ headers: [{ name: 'x' }] }] }] }), /headers\[0\]/],
  [rateLimit({ rules: [{ name: 'r', conditions: [{ client: {} }] }] }), /client\.namespace/],
  [rateLimit({ shared: { port: 1, timeoutMs: 1n } }), /rate_limit\.shared/],
  [faultRule({ delay: { delayMs: 1n } }), /delay\.share/],
  [faultRule({ delay: { delayMs: 1n, share: { numerator: 1 } } }), /delay\.share/],
  [faultRule({ abort: { share } }), /rules\[0\]\.abort/],
  [
    { case: 'filter', value: create(filter.FilterSchema, { namespace: 'shop', name: 'f' }) },
    /filter\.source/,
  ],
];

test('what a waypoint of this version cannot hold to is refused with the path of the field', async (t) => {
  for (const [content, path] of REFUSED) {
    const bytes = toBinary(resource.ResourceSchema, create(resource.ResourceSchema, { content }));
    t.throws(() => waypointResourceCodec.decode(bytes), { constructor: WireError, message: path });
  }
});
