import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { test } from 'tap';
import {
  CheckRequestSchema,
  CheckResponseSchema,
} from '../../../src/wire/generated/external_authorization_pb.js';
import {
  type CheckRequest,
  decodeCheckResponse,
  encodeCheckRequest,
  frameMessage,
  unframeMessage,
  WireError,
} from '../../../src/wire/index.ts';

const QUESTION: CheckRequest = {
  source: { address: '10.0.0.9', port: 40000, principal: 'spiffe://cluster.local/ns/shop/sa/client' },
  destination: { address: 'fd00::1', port: 80, principal: '' },
  sni: '',
  receivedMs: 1_700_000_000_250,
  http: {
    id: 'r-1',
    method: 'POST',
    scheme: 'http',
    host: 'echo',
    path: '/a?b=c',
    protocol: 'HTTP/2',
    headers: new Map([
      ['x-a', '1,2'],
      ['__proto__', 'x'],
    ]),
    sizeBytes: undefined,
    body: undefined,
  },
};

const asked = (question: CheckRequest) =>
  fromBinary(CheckRequestSchema, encodeCheckRequest(question)).attributes;
const answered = (message: MessageInitShape<typeof CheckResponseSchema>) =>
  decodeCheckResponse(toBinary(CheckResponseSchema, create(CheckResponseSchema, message)));

test('a question says who asks for what', (t) => {
  const attributes = asked(QUESTION);
  t.match(attributes?.source, { principal: 'spiffe://cluster.local/ns/shop/sa/client' });
  t.match(attributes?.source?.address?.address.value, {
    address: '10.0.0.9',
    portSpecifier: { case: 'portValue', value: 40000 },
  });
  t.equal(attributes?.request?.time && timestampMs(attributes.request.time), 1_700_000_000_250);
  t.match(attributes?.request?.http, { method: 'POST', path: '/a?b=c', host: 'echo', size: -1n, body: '' });
  t.equal(attributes?.request?.http?.headers['x-a'], '1,2');
  t.equal(attributes?.tlsSession, undefined);
  t.end();
});

test('a question about a connection has no request in it', (t) => {
  const attributes = asked({ ...QUESTION, http: undefined, sni: 'db.shop' });
  t.equal(attributes?.request?.http, undefined);
  t.equal(attributes?.tlsSession?.sni, 'db.shop');
  t.end();
});

test('a body is text or bytes, as the authorizer wants it', (t) => {
  const bytes = Buffer.from([0x61, 0xff]);
  const body = (asBytes: boolean) =>
    asked({ ...QUESTION, http: QUESTION.http && { ...QUESTION.http, body: { bytes, asBytes } } })?.request
      ?.http;
  t.equal(body(false)?.body, 'a\ufffd');
  t.same(Buffer.from(body(true)?.rawBody ?? []), bytes);
  t.end();
});

test('an answer lets through by saying so, and by nothing else', (t) => {
  const ok = { case: 'okResponse', value: {} } as const;
  const denied = { case: 'deniedResponse', value: {} } as const;
  t.equal(answered({ status: { code: 0 } }).allowed, true);
  t.equal(answered({ httpResponse: ok }).allowed, true);
  t.equal(answered({ status: { code: 7 } }).allowed, false);
  t.equal(answered({ status: { code: 7 }, httpResponse: ok }).allowed, false);
  t.equal(answered({ httpResponse: denied }).allowed, false);
  t.throws(() => answered({}), { code: 'ERR_WIRE_FIELD' });
  t.end();
});

test('what an answer changes of a header is what it says, and by default what is safe', (t) => {
  const changes: readonly (readonly [object, string])[] = [
    [{}, 'set'],
    [{ append: true }, 'add'],
    [{ append: false, appendAction: 1 }, 'set'],
    [{ appendAction: 1 }, 'add-if-absent'],
    [{ appendAction: 2 }, 'set'],
    [{ appendAction: 3 }, 'set-if-present'],
  ];
  for (const [option, action] of changes) {
    const answer = answered({
      httpResponse: {
        case: 'okResponse',
        value: { headers: [{ header: { key: 'X-User', value: 'grün ' }, ...option }] },
      },
    });
    t.same(answer.allowed && answer.requestHeaders, [
      { name: 'x-user', value: Buffer.from('grün').toString('latin1'), action },
    ]);
  }
  t.end();
});

test('an answer with something in it that is not understood is none', (t) => {
  const header = (over: object): MessageInitShape<typeof CheckResponseSchema> => ({
    httpResponse: {
      case: 'okResponse',
      value: { headers: [{ header: { key: 'x', value: 'y' }, ...over }] },
    },
  });
  t.throws(() => answered(header({ appendAction: 9 })), { code: 'ERR_WIRE_FIELD' });
  t.throws(() => answered(header({ header: { key: 'a b', value: 'y' } })), { code: 'ERR_WIRE_FIELD' });
  t.throws(() => answered(header({ header: { key: 'a', value: 'y\r\nset-cookie: z' } })), {
    code: 'ERR_WIRE_FIELD',
  });
  t.throws(() => answered(header({ header: undefined })), { code: 'ERR_WIRE_FIELD' });
  t.throws(
    () =>
      answered({
        status: { code: 7 },
        httpResponse: { case: 'deniedResponse', value: { status: { code: 100 } } },
      }),
    { code: 'ERR_WIRE_FIELD' },
  );
  t.end();
});

test('no bytes make reading an answer fail in another way', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      for (const read of [decodeCheckResponse, (all: Uint8Array) => unframeMessage(Buffer.from(all))]) {
        try {
          read(bytes);
        } catch (error) {
          if (!(error instanceof WireError)) throw error;
        }
      }
    }),
    { numRuns: 2_000 },
  );
  t.end();
});

test('a gRPC message comes back out of its frame', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) =>
      Buffer.from(bytes).equals(unframeMessage(frameMessage([bytes]))),
    ),
  );
  t.throws(() => unframeMessage(Buffer.from([1, 0, 0, 0, 0])), { code: 'ERR_WIRE_DECODE' });
  t.throws(() => unframeMessage(Buffer.from([0, 0, 0, 0, 2, 1])), { code: 'ERR_WIRE_DECODE' });
  t.end();
});
