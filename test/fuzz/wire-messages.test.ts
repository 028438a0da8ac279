import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { test } from 'tap';
import {
  addressCodec,
  authorizationCodec,
  enrolmentPodCodec,
  membershipCodec,
  decodeCheckResponse,
  trustBundleCodec,
  waypointResourceCodec,
  WireError,
} from '../../src/wire/index.ts';
import {
  decodeCertificateRequest,
  encodeCertificateRequest,
} from '../../src/wire/message/certificate-message.ts';
import { decodeDeltaRequest, encodeDeltaRequest } from '../../src/wire/message/delta-request-message.ts';
import { decodeDeltaResponse, encodeDeltaResponse } from '../../src/wire/message/delta-response-message.ts';
import { decodeNodeReport, encodeNodeReport } from '../../src/wire/message/node-report-message.ts';
import { CheckResponseSchema } from '../../src/wire/generated/external_authorization_pb.js';
import type { WaypointResource, WorkloadUid } from '../../src/model/index.ts';
import {
  addressResources,
  enrolmentPods,
  memberships,
  policies,
  trustBundles,
} from '../wire/support/arbitraries.ts';
import {
  authorizers,
  requestAuthentications,
  requestPolicies,
  waypointSettings,
} from '../wire/support/waypoint-arbitraries.ts';

const RUNS = Number(process.env.NODEMESH_FUZZ_RUNS ?? 2000);

const deltaRequest = encodeDeltaRequest({
  node: { id: 'ztunnel~1', metadata: { NAME: 'z' } },
  typeUrl: 'T',
  subscribe: ['*', 'net/10.0.0.1'],
  unsubscribe: ['*'],
  initialVersions: [['a', '1']],
  responseNonce: '7',
  rejection: 'no',
});
const deltaResponse = encodeDeltaResponse({
  typeUrl: 'T',
  nonce: '1',
  systemVersion: '9',
  resources: [{ name: 'n', version: 'v', aliases: ['a', 'b'], bytes: Buffer.from('content') }],
  removed: ['gone'],
});
const certificateRequest = encodeCertificateRequest({
  csrPem: 'CSR',
  ttlMs: 86_400_000,
  impersonated: undefined,
});
const nodeReport = encodeNodeReport({
  node: 'node-1',
  generation: 2,
  pods: [{ uid: 'u' as WorkloadUid, state: 'failed', errorCode: 'ERR_X', error: 'why' }],
});

const guards: fc.Arbitrary<WaypointResource> = fc.oneof(
  requestPolicies.map((policy) => ({ kind: 'authorization', policy }) as const),
  requestAuthentications.map((authentication) => ({ kind: 'authentication', authentication }) as const),
  authorizers.map((authorizer) => ({ kind: 'authorizer', authorizer }) as const),
  waypointSettings.map((settings) => ({ kind: 'settings', settings }) as const),
);
const headers = fc.array(
  fc.record({
    header: fc.record({ key: fc.string({ minLength: 1 }), value: fc.string() }),
    appendAction: fc.nat(4),
  }),
  { maxLength: 3 },
);
const checkAnswers: fc.Arbitrary<MessageInitShape<typeof CheckResponseSchema>> = fc
  .tuple(headers, fc.nat(2), fc.nat(700))
  .map(([fields, code, status]) => ({
    status: { code },
    httpResponse:
      code === 0
        ? { case: 'okResponse', value: { headers: fields, responseHeadersToAdd: fields } }
        : { case: 'deniedResponse', value: { headers: fields, status: { code: status }, body: 'no' } },
  }));

const targets: readonly {
  name: string;
  decode(bytes: Uint8Array): unknown;
  valid: fc.Arbitrary<Uint8Array>;
}[] = [
  { name: 'Address', decode: addressCodec.decode, valid: addressResources.map(addressCodec.encode) },
  {
    name: 'Authorization',
    decode: authorizationCodec.decode,
    valid: policies.map(authorizationCodec.encode),
  },
  {
    name: 'enrolment Pod',
    decode: enrolmentPodCodec.decode,
    valid: enrolmentPods.map(enrolmentPodCodec.encode),
  },
  {
    name: 'Membership',
    decode: membershipCodec.decode,
    valid: memberships.map(membershipCodec.encode),
  },
  { name: 'TrustBundle', decode: trustBundleCodec.decode, valid: trustBundles.map(trustBundleCodec.encode) },
  {
    name: 'policy, authentication, authorizer or settings of waypoints',
    decode: waypointResourceCodec.decode,
    valid: guards.map(waypointResourceCodec.encode),
  },
  {
    name: 'answer of an authorizer',
    decode: decodeCheckResponse,
    valid: checkAnswers.map((answer) => toBinary(CheckResponseSchema, create(CheckResponseSchema, answer))),
  },
  { name: 'discovery request', decode: decodeDeltaRequest, valid: fc.constant(deltaRequest) },
  { name: 'discovery response', decode: decodeDeltaResponse, valid: fc.constant(deltaResponse) },
  { name: 'certificate request', decode: decodeCertificateRequest, valid: fc.constant(certificateRequest) },
  { name: 'node report', decode: decodeNodeReport, valid: fc.constant(nodeReport) },
];

/** Valid bytes with some of them changed, cut out, or put in. */
function mutated(valid: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const edit = fc.record({ at: fc.nat(), kind: fc.constantFrom('set', 'cut', 'insert'), byte: fc.nat(255) });
  return fc.tuple(valid, fc.array(edit, { minLength: 1, maxLength: 6 })).map(([bytes, edits]) => {
    const list = [...bytes];
    for (const { at, kind, byte } of edits) {
      const index = list.length === 0 ? 0 : at % list.length;
      if (kind === 'set') list[index] = byte;
      else list.splice(index, kind === 'cut' ? 1 + (byte % 4) : 0, ...(kind === 'insert' ? [byte] : []));
    }
    return Uint8Array.from(list);
  });
}

for (const { name, decode, valid } of targets) {
  test(`whatever bytes come as ${name}, they are understood or refused with a WireError`, (t) => {
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated(valid));
    let refused = 0;
    fc.assert(
      fc.property(bytes, (input) => {
        try {
          decode(input);
        } catch (error) {
          refused += 1;
          if (!(error instanceof WireError)) throw error;
        }
      }),
      { numRuns: RUNS },
    );
    t.ok(refused > 0, `${refused} of ${RUNS} refused`);
    t.end();
  });
}
