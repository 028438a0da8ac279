import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { test } from 'tap';
import {
  DeltaDiscoveryRequestSchema,
  DeltaDiscoveryResponseSchema,
} from '../../../src/wire/generated/discovery_pb.js';
import { decodeDeltaRequest, encodeDeltaRequest } from '../../../src/wire/message/delta-request-message.ts';
import {
  decodeDeltaResponse,
  encodeDeltaResponse,
  frameDeltaResponse,
} from '../../../src/wire/message/delta-response-message.ts';
import type { DeltaRequest, DeltaResponse } from '../../../src/xds/index.ts';
import { sameValue } from '../support/same-value.ts';

const text = fc.string({ maxLength: 20, unit: 'grapheme' });
const texts = fc.array(text, { maxLength: 4 });
const responses: fc.Arbitrary<DeltaResponse> = fc.record({
  typeUrl: text,
  nonce: text,
  systemVersion: text,
  resources: fc.array(
    fc.record({ name: text, version: text, aliases: texts, bytes: fc.uint8Array({ maxLength: 300 }) }),
    { maxLength: 5 },
  ),
  removed: texts,
});
/** What goes to many is laid out once, and reads as what goes to one. */
test('resources in shared blocks are the resources of the response that is read', (t) => {
  fc.assert(
    fc.property(responses, responses, (response, other) => {
      const block = { resources: other.resources, bytes: 0 };
      const inAll = [...other.resources, ...other.resources, ...response.resources];
      for (let round = 0; round < 2; round++) {
        const read = decodeDeltaResponse(encodeDeltaResponse({ ...response, blocks: [block, block] }));
        sameValue(
          read.resources.map(({ name, version }) => [name, version]),
          inAll.map(({ name, version }) => [name, version]),
        );
      }
    }),
    { numRuns: 200 },
  );
  t.end();
});

test('proxies that ask for everything get what they asked for, in any order of responses and changes', (t) => {
  const one = { name: 'one', version: '1', aliases: [], bytes: Uint8Array.of(1) };
  const two = { name: 'two', version: '1', aliases: [], bytes: Uint8Array.of(2) };
  const blocks = [one, two].map((resource) => ({ resources: [resource], bytes: 1 }));
  const kinds: fc.Arbitrary<DeltaResponse> = fc.record({
    typeUrl: fc.constantFrom('a', 'b'),
    nonce: fc.constantFrom('1', '2'),
    systemVersion: fc.constantFrom('1', '2'),
    blocks: fc.subarray(blocks),
    resources: fc.subarray([one]),
    removed: fc.subarray(['three']),
  });
  fc.assert(
    fc.property(fc.array(kinds, { maxLength: 8 }), (responses) => {
      for (const response of responses) {
        const { blocks: shared = [], ...rest } = response;
        const resources = [...shared.flatMap((block) => block.resources), ...response.resources];
        const read = decodeDeltaResponse(encodeDeltaResponse(response));
        sameValue(
          { ...read, resources: read.resources.map(({ name }) => name) },
          { ...rest, resources: resources.map(({ name }) => name) },
        );
      }
    }),
  );
  t.equal(
    frameDeltaResponse({ ...whole(), blocks }),
    frameDeltaResponse({ ...whole(), blocks: [...blocks] }),
    'the same buffer goes to both',
  );
  t.end();
});

function whole(): DeltaResponse {
  return { typeUrl: 'a', nonce: '1', systemVersion: '1', resources: [], removed: [] };
}

const requests: fc.Arbitrary<DeltaRequest> = fc.record({
  node: fc.option(fc.record({ id: text, metadata: fc.constantFrom({}, { NODE_NAME: 'node-1' }) }), {
    nil: undefined,
  }),
  typeUrl: text,
  subscribe: texts,
  unsubscribe: texts,
  initialVersions: fc.uniqueArray(fc.tuple(text, text), { selector: ([key]) => key }),
  responseNonce: text,
  rejection: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
});

test('the hand-written envelope is the one that the generated code reads and writes', (t) => {
  fc.assert(
    fc.property(responses, (response) => {
      const bytes = encodeDeltaResponse(response);
      const message = fromBinary(DeltaDiscoveryResponseSchema, bytes);
      sameValue(
        {
          typeUrl: message.typeUrl,
          nonce: message.nonce,
          systemVersion: message.systemVersionInfo,
          resources: message.resources.map(({ name, version, aliases, resource }) => {
            sameValue(resource?.typeUrl, response.typeUrl);
            return { name, version, aliases, bytes: new Uint8Array(resource?.value ?? []) };
          }),
          removed: message.removedResources,
        },
        response,
      );
      const generated = toBinary(DeltaDiscoveryResponseSchema, message);
      for (const form of [bytes, generated]) {
        const decoded = decodeDeltaResponse(form);
        const resources = decoded.resources.map((item) => ({ ...item, bytes: new Uint8Array(item.bytes) }));
        sameValue({ ...decoded, resources }, response);
      }
    }),
    { numRuns: 500 },
  );
  t.pass('500 responses');
  t.end();
});

test('requests come back as they went', (t) => {
  fc.assert(
    fc.property(requests, (request) => {
      // A map of protobuf has no order, and `__proto__` is no name that a mesh has.
      fc.pre(![...request.initialVersions].some(([name]) => name === '__proto__'));
      const decoded = decodeDeltaRequest(encodeDeltaRequest(request));
      sameValue(
        { ...decoded, initialVersions: [...decoded.initialVersions].sort() },
        { ...request, initialVersions: [...request.initialVersions].sort() },
      );
    }),
    { numRuns: 500 },
  );
  t.pass('500 requests');
  t.end();
});

test('what a stock ztunnel says about itself is read as far as it is of use', (t) => {
  const bytes = toBinary(
    DeltaDiscoveryRequestSchema,
    create(DeltaDiscoveryRequestSchema, {
      node: {
        id: 'ztunnel~10.0.0.1~z.ns~ns.svc.cluster.local',
        metadata: { NAME: 'z', INSTANCE_IPS: ['10.0.0.1'] },
      },
      typeUrl: 'type.googleapis.com/istio.workload.Address',
      errorDetail: { code: 3 },
    }),
  );
  t.match(decodeDeltaRequest(bytes), {
    node: { id: 'ztunnel~10.0.0.1~z.ns~ns.svc.cluster.local', metadata: { NAME: 'z' } },
    rejection: 'code 3',
  });
  t.end();
});

test('a resource is framed once, however many responses carry it', (t) => {
  const resource = { name: 'n', version: 'v', aliases: [], bytes: Buffer.from('content') };
  const response = { typeUrl: 'T', nonce: '1', systemVersion: '1', resources: [resource], removed: [] };
  const first = encodeDeltaResponse(response);
  // The frame is kept with the object, so that a change of what lies under it cannot show.
  resource.bytes.fill(0);
  t.same(encodeDeltaResponse(response), first);
  t.end();
});

test('a response may have more resources than a call has room for arguments', (t) => {
  const names = Array.from({ length: 200_000 }, (_, index) => `r${index}`);
  const resources = names.map((name) => ({ name, version: '1', aliases: [], bytes: Buffer.alloc(1) }));
  const response = { ...whole(), resources };
  const read = decodeDeltaResponse(encodeDeltaResponse(response));
  t.equal(read.resources.length, 200_000);
  t.end();
});

test('an entry of what a proxy holds that cannot be read is told when it is its turn', (t) => {
  const whole = encodeDeltaRequest({
    ...{ typeUrl: 'T', subscribe: [], unsubscribe: [], responseNonce: '', rejection: undefined },
    initialVersions: [
      ['first', '1'],
      ['second', '2'],
    ],
  });
  const key = whole.indexOf('second');
  // The key's length: 60 bytes are more than its entry has, and more than the message.
  for (const length of [7, 60]) {
    const broken = Buffer.from(whole);
    broken.writeUInt8(length, key - 1);
    const { initialVersions, typeUrl } = decodeDeltaRequest(broken);
    t.equal(typeUrl, 'T');
    t.throws(() => [...initialVersions], { code: 'ERR_WIRE_DECODE', message: /initial_resource_versions/ });
  }
  t.same(
    [...decodeDeltaRequest(whole).initialVersions],
    [
      ['first', '1'],
      ['second', '2'],
    ],
  );
  t.end();
});
