import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import type { AnySchema } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { test } from 'tap';
import {
  type AuthorizationPolicy,
  parseIpAddress,
  type PortMapping,
  type ServiceKey,
  serviceKey,
  type Workload,
  type WorkloadUid,
} from '../../../src/model/index.ts';
import {
  addressCodec,
  authorizationCodec,
  contentVersion,
  encodeResource,
  enrolmentPodCodec,
  membershipCodec,
  type ResourceCodec,
  trustBundleCodec,
  WireError,
  workloadCodec,
} from '../../../src/wire/index.ts';
import * as authorization from '../../../src/wire/generated/authorization_pb.js';
import * as workload from '../../../src/wire/generated/workload_pb.js';
import {
  addressResources,
  enrolmentPods,
  memberships,
  policies,
  trustBundles,
  workloads,
} from '../support/arbitraries.ts';
import { sameValue } from '../support/same-value.ts';

function holdsRoundTrip<T>(codec: ResourceCodec<T>, values: fc.Arbitrary<T>): void {
  fc.assert(
    fc.property(values, (value) => {
      const bytes = codec.encode(value);
      sameValue(codec.decode(bytes), value);
      sameValue(codec.encode(codec.decode(bytes)), bytes);
    }),
    { numRuns: 500 },
  );
}

test('every value of the model comes back as it went', (t) => {
  holdsRoundTrip(addressCodec, addressResources);
  holdsRoundTrip(workloadCodec, workloads);
  holdsRoundTrip(authorizationCodec, policies);
  holdsRoundTrip(enrolmentPodCodec, enrolmentPods);
  holdsRoundTrip(membershipCodec, memberships);
  holdsRoundTrip(trustBundleCodec, trustBundles);
  t.pass('500 values of each type');
  t.end();
});

test('defaults are left out on the wire and filled in again (wire.md §2.4)', (t) => {
  const bytes = toBinary(workload.WorkloadSchema, create(workload.WorkloadSchema, { uid: 'u' }));
  const decoded = workloadCodec.decode(bytes);
  t.match(decoded, {
    trustDomain: 'cluster.local',
    serviceAccount: 'default',
    clusterId: 'Kubernetes',
    capacity: 1,
    status: 'healthy',
    workloadType: 'deployment',
    networkMode: 'standard',
    locality: { region: '', zone: '', subzone: '' },
  });
  t.equal(workloadCodec.encode(decoded).length, bytes.length, 'nothing is sent but the uid');
  t.end();
});

test('names, aliases and versions are those of Istio', (t) => {
  const pod = {
    ...plainWorkload(),
    addresses: ['10.0.0.1', 'fd00::1'].map(parseIpAddress),
    network: 'net',
  };
  const resource = encodeResource(addressCodec, { kind: 'workload', workload: pod });
  t.match(resource, { name: 'Kubernetes//Pod/shop/cart', aliases: ['net/10.0.0.1', 'net/fd00::1'] });
  t.equal(resource.version, contentVersion(resource.bytes));
  t.same(encodeResource(addressCodec, { kind: 'workload', workload: { ...pod } }).version, resource.version);
  t.not(
    encodeResource(addressCodec, { kind: 'workload', workload: { ...pod, node: 'n' } }).version,
    resource.version,
  );
  t.same(addressCodec.aliasesOf({ kind: 'workload', workload: { ...pod, networkMode: 'host-network' } }), []);
  t.end();
});

test('the order in which services were found does not change the version', (t) => {
  const one = [serviceKey('shop', 'a.svc'), []] as const;
  const two = [serviceKey('shop', 'b.svc'), []] as const;
  const versionOf = (entries: readonly (readonly [ServiceKey, readonly PortMapping[]])[]) =>
    encodeResource(workloadCodec, { ...plainWorkload(), services: new Map(entries) }).version;
  t.equal(versionOf([one, two]), versionOf([two, one]));
  t.end();
});

const badWorkloads: readonly (readonly [
  string,
  Parameters<typeof create<typeof workload.WorkloadSchema>>[1],
  RegExp,
])[] = [
  ['without a uid', {}, /^uid: expected text/],
  [
    'with an address of three bytes',
    { uid: 'u', addresses: [new Uint8Array(4), new Uint8Array(3)] },
    /^addresses\[1\]: expected an address of 4 or 16 bytes, got 3/,
  ],
  [
    'with an unknown tunnel',
    { uid: 'u', tunnelProtocol: unknownNumber(7) },
    /^tunnel_protocol: value 7 is not known/,
  ],
  ['with a waypoint that is nowhere', { uid: 'u', waypoint: {} }, /^waypoint.destination: expected/],
  [
    'with a port out of range',
    { uid: 'u', services: { 'a/b': { ports: [{ servicePort: 70_000 }] } } },
    /^services\[a\/b\]\.ports\[0\]\.service_port: expected a port/,
  ],
  [
    'with a service that is no name',
    { uid: 'u', services: { oops: {} } },
    /^services: expected keys namespace\/hostname/,
  ],
  ['with a bad trust domain', { uid: 'u', trustDomain: 'UPPER' }, /^trust_domain: expected a trust domain/],
];
for (const [what, init, message] of badWorkloads) {
  test(`a workload ${what} is refused by the field's name`, (t) => {
    const bytes = toBinary(workload.WorkloadSchema, create(workload.WorkloadSchema, init));
    t.throws(() => workloadCodec.decode(bytes), { code: 'ERR_WIRE_FIELD', message });
    t.end();
  });
}

test('numbers of a newer version: descriptions fall back, what decides is refused', (t) => {
  const bytes = toBinary(
    workload.WorkloadSchema,
    create(workload.WorkloadSchema, {
      uid: 'u',
      status: unknownNumber(9),
      workloadType: unknownNumber(9),
      services: { 'a/b': { ports: [{ appProtocol: unknownNumber(9) }] } },
    }),
  );
  const decoded = workloadCodec.decode(bytes);
  t.match(decoded, { status: 'unhealthy', workloadType: 'pod' });
  t.match([...decoded.services.values()], [[{ appProtocol: 'unknown' }]]);
  for (const init of [
    { name: 'p', scope: 9 },
    { name: 'p', action: 9 },
  ]) {
    const policy = toBinary(
      authorization.AuthorizationSchema,
      create(authorization.AuthorizationSchema, init),
    );
    t.throws(() => authorizationCodec.decode(policy), { code: 'ERR_WIRE_FIELD' });
  }
  t.end();
});

test('a policy with a condition of a newer version is refused rather than widened', (t) => {
  const match = create(authorization.MatchSchema, { destinationPorts: [80] });
  match.$unknown = [{ no: 99, wireType: 2, data: new Uint8Array([1, 120]) }];
  const policy = create(authorization.AuthorizationSchema, {
    name: 'p',
    rules: [{ clauses: [{ matches: [match] }] }],
  });
  const bytes = toBinary(authorization.AuthorizationSchema, policy);
  t.throws(() => authorizationCodec.decode(bytes), {
    message: /^rules\[0\]\.clauses\[0\]\.matches\[0\]: field number 99/,
  });
  const empty = create(authorization.AuthorizationSchema, {
    name: 'p',
    rules: [{ clauses: [{ matches: [{ principals: [{}] }] }] }],
  });
  t.throws(() => authorizationCodec.decode(toBinary(authorization.AuthorizationSchema, empty)), {
    message: /principals\[0\]: expected exact, prefix, suffix or presence/,
  });
  t.end();
});

test('a policy that was not understood is refused when its reason cannot be read, rather than taken for one without rules', (t) => {
  const decode = (config?: MessageInitShape<typeof AnySchema>): AuthorizationPolicy =>
    authorizationCodec.decode(
      toBinary(
        authorization.AuthorizationSchema,
        create(authorization.AuthorizationSchema, {
          name: 'p',
          extensions: [{ name: 'nodemesh.io/not-understood', ...(config === undefined ? {} : { config }) }],
        }),
      ),
    );
  const typeUrl = 'type.googleapis.com/google.protobuf.StringValue';
  t.equal(decode({ typeUrl, value: Buffer.from('0a03776879', 'hex') }).notUnderstood, 'why');
  t.throws(() => decode({ typeUrl, value: Buffer.from('00056161306161', 'hex') }), {
    code: 'ERR_WIRE_DECODE',
    message: /expected google.protobuf.StringValue/,
  });
  t.throws(() => decode({ typeUrl: 'type.googleapis.com/other', value: Buffer.alloc(0) }), {
    code: 'ERR_WIRE_FIELD',
    message: /not-understood.*got type.googleapis.com\/other/,
  });
  t.throws(() => decode(), { code: 'ERR_WIRE_FIELD', message: /got nothing/ });
  t.end();
});

test('bytes that are no message say which was expected', (t) => {
  t.throws(() => addressCodec.decode(Buffer.from('0affff', 'hex')), {
    code: 'ERR_WIRE_DECODE',
    message: 'expected istio.workload.Address, got 3 bytes that are none',
  });
  t.throws(() => addressCodec.decode(new Uint8Array()), WireError);
  t.throws(() => trustBundleCodec.decode(new Uint8Array()), { message: /^roots: expected at least one/ });
  t.end();
});

function plainWorkload(): Workload {
  const bytes = toBinary(
    workload.WorkloadSchema,
    create(workload.WorkloadSchema, {
      uid: 'Kubernetes//Pod/shop/cart' as WorkloadUid,
      name: 'cart',
      namespace: 'shop',
    }),
  );
  return workloadCodec.decode(bytes);
}

/** What a newer version may send where this one has a closed list. */
function unknownNumber(value: number): number {
  return value;
}
