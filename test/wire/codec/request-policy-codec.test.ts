import { create, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { test } from 'tap';
import { type GatewayKey, gatewayKey, type WaypointResource } from '../../../src/model/index.ts';
import { refusalInPlaceOf, waypointResourceCodec, waypointResourceName } from '../../../src/wire/index.ts';
import {
  AuthorizationAction,
  RequestSubject,
  TestListSchema,
} from '../../../src/wire/generated/waypoint_authorization_pb.js';
import { ResourceSchema } from '../../../src/wire/generated/waypoint_pb.js';
import { sameValue } from '../support/same-value.ts';
import {
  authorizers,
  requestAuthentications,
  requestPolicies,
  waypointSettings,
} from '../support/waypoint-arbitraries.ts';

const GATEWAY: GatewayKey = gatewayKey('shop', 'waypoint');

const resources: fc.Arbitrary<WaypointResource> = fc.oneof(
  requestPolicies.map((policy) => ({ kind: 'authorization' as const, policy })),
  requestAuthentications.map((authentication) => ({ kind: 'authentication' as const, authentication })),
  authorizers.map((authorizer) => ({ kind: 'authorizer' as const, authorizer })),
  waypointSettings.map((settings) => ({ kind: 'settings' as const, settings })),
);

test('policies, authentications, authorizers and settings come back as they went', async (t) => {
  fc.assert(
    fc.property(resources, (value) => {
      const bytes = waypointResourceCodec.encode(value);
      sameValue(waypointResourceCodec.decode(bytes), value);
      sameValue(waypointResourceCodec.encode(waypointResourceCodec.decode(bytes)), bytes);
    }),
    { numRuns: 1_000 },
  );
  t.pass('1,000 values');
});

/** The resource with one part of it as only a newer version would send it. */
function bytesOf(content: Parameters<typeof create<typeof ResourceSchema>>[1]): Uint8Array {
  return toBinary(ResourceSchema, create(ResourceSchema, content));
}

const SERVICE = { target: { case: 'service' as const, value: { service: 'shop/cart', port: 0 } } };
const HEAD = { namespace: 'shop', name: 'p', attachments: [SERVICE], action: AuthorizationAction.ALLOW };
const allowing = (rule: object) =>
  bytesOf({ content: { case: 'authorization', value: { ...HEAD, rules: [rule] } } });

const notUnderstood: readonly (readonly [string, Uint8Array, RegExp])[] = [
  [
    'an action of a newer version',
    bytesOf({ content: { case: 'authorization', value: { ...HEAD, action: unknownNumber(9) } } }),
    /authorization\.action: value 9 is not known/,
  ],
  [
    'a subject of a newer version',
    allowing({ when: [{ subject: unknownNumber(99), values: [{ value: { case: 'exact', value: 'x' } }] }] }),
    /rules\[0\]\.when\[0\]\.subject: value 99 is not known/,
  ],
  [
    'a value of a newer version',
    allowing({ when: [{ subject: RequestSubject.HOST, values: [{}] }] }),
    /values\[0\]: expected exact, prefix, suffix or presence, got none of them/,
  ],
  [
    'a value that does not fit its subject',
    allowing({
      when: [{ subject: RequestSubject.PORT, values: [{ value: { case: 'exact', value: '80' } }] }],
    }),
    /values\[0\]: expected a port, got exact/,
  ],
  [
    'a test that tests nothing',
    allowing({ from: [{ tests: [{ subject: RequestSubject.PRINCIPAL }] }] }),
    /from\[0\]\.tests\[0\]: expected values or not_values, got neither/,
  ],
  [
    'CUSTOM without an authorizer',
    bytesOf({ content: { case: 'authorization', value: { ...HEAD, action: AuthorizationAction.CUSTOM } } }),
    /authorization\.provider: expected text/,
  ],
  ['a condition of a newer version', newerCondition(), /rules\[0\]\.from\[0\]: field number 99 is not known/],
];

for (const [what, bytes, message] of notUnderstood) {
  test(`a policy with ${what} is refused as a whole`, async (t) => {
    t.throws(() => waypointResourceCodec.decode(bytes), { message });
  });
}

test('a policy that is not understood denies what it is attached to', async (t) => {
  for (const [what, bytes] of notUnderstood) {
    const refusal = refusalInPlaceOf(bytes, 'AuthorizationPolicy/shop/p', GATEWAY);
    t.match(
      refusal,
      {
        kind: 'authorization',
        policy: {
          key: 'shop/p',
          action: { kind: 'deny' },
          attachments: [{ kind: 'service', service: 'shop/cart' }],
          rules: [{ from: [], to: [], when: [] }],
          dryRun: false,
        },
      },
      what,
    );
    t.equal(refusal && waypointResourceName(refusal), 'AuthorizationPolicy/shop/p');
  }
});

test('where it is attached to cannot be told either, everything through the waypoint is denied', async (t) => {
  const everything = [{ kind: 'gateway', gateway: GATEWAY }];
  const newTarget = bytesOf({
    content: { case: 'authorization', value: { ...HEAD, attachments: [SERVICE, {}] } },
  });
  for (const bytes of [newTarget, Buffer.from('ffff', 'hex'), bytesOf({})]) {
    t.match(refusalInPlaceOf(bytes, 'AuthorizationPolicy/shop/p', GATEWAY), {
      policy: { attachments: everything, action: { kind: 'deny' } },
    });
  }
  t.match(refusalInPlaceOf(Buffer.from('ffff', 'hex'), 'RequestAuthentication/shop/p', GATEWAY), {
    kind: 'authorization',
    policy: { attachments: everything, action: { kind: 'deny' } },
  });
});

test('a policy that only notes or is only tried out denies nobody, also when it is not understood', async (t) => {
  const rules = [{ when: [{}] }];
  const audit = bytesOf({
    content: { case: 'authorization', value: { ...HEAD, action: AuthorizationAction.AUDIT, rules } },
  });
  t.match(refusalInPlaceOf(audit, 'AuthorizationPolicy/shop/p', GATEWAY), {
    policy: { action: { kind: 'audit' } },
  });
  const dryRun = bytesOf({ content: { case: 'authorization', value: { ...HEAD, dryRun: true, rules } } });
  t.match(refusalInPlaceOf(dryRun, 'AuthorizationPolicy/shop/p', GATEWAY), { policy: { dryRun: true } });
});

test('nothing stands in for a resource that stops nobody', async (t) => {
  t.equal(refusalInPlaceOf(Buffer.from('ffff', 'hex'), 'HTTPRoute/shop/r', GATEWAY), undefined);
  t.equal(refusalInPlaceOf(Buffer.from('ffff', 'hex'), 'Authorizer/istio-system/a', GATEWAY), undefined);
});

test('an authentication with anything that is not understood is refused as a whole', async (t) => {
  const rule = { issuer: 'i', keys: { case: 'jwks' as const, value: '{}' } };
  const of = (rules: object[]) =>
    bytesOf({
      content: {
        case: 'authentication',
        value: { namespace: 'shop', name: 'a', attachments: [SERVICE], rules },
      },
    });
  const cookie = { location: { case: 'cookie' as const, value: 'c' } };
  t.throws(() => waypointResourceCodec.decode(of([{ ...rule, locations: [] }])), {
    message: /locations: expected/,
  });
  t.throws(() => waypointResourceCodec.decode(of([{ ...rule, locations: [{}] }])), {
    message: /locations\[0\]: expected/,
  });
  t.throws(() => waypointResourceCodec.decode(of([{ issuer: 'i', locations: [cookie] }])), {
    message: /keys: expected/,
  });
  t.match(refusalInPlaceOf(of([{}]), 'RequestAuthentication/shop/a', GATEWAY), {
    policy: { attachments: [{ kind: 'service', service: 'shop/cart' }], action: { kind: 'deny' } },
  });
});

function newerCondition(): Uint8Array {
  const list = create(TestListSchema, {});
  list.$unknown = [{ no: 99, wireType: 2, data: new Uint8Array([1, 120]) }];
  return allowing({ from: [list] });
}

/** What a newer version may send where this one has a closed list. */
function unknownNumber(value: number): number {
  return value;
}
