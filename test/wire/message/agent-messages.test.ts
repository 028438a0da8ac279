import { test } from 'tap';
import fc from 'fast-check';
import {
  WireError,
  decodeAgentRequest,
  encodeAgentAck,
  encodeAgentHello,
  MOST_PACKET_BYTES,
} from '../../../src/wire/index.ts';

/** A field of a message by hand, from wire.md §3.9 alone. */
const text = (number: number, value: string) => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
};
const message = (number: number, ...fields: readonly Buffer[]) => {
  const body = Buffer.concat(fields);
  return Buffer.concat([Buffer.from([(number << 3) | 2, body.length]), body]);
};

test('the messages are those that an Istio agent sends and expects', (t) => {
  t.same([...encodeAgentHello()], [0x08, 0x01]);
  const add = message(
    1,
    text(1, 'u-1'),
    message(2, text(1, 'web'), text(2, 'shop'), text(3, 'cart'), text(4, 'old')),
  );
  t.same(decodeAgentRequest(add), {
    kind: 'add',
    pod: { uid: 'u-1', namespace: 'shop', name: 'web', serviceAccount: 'cart' },
  });
  t.same(decodeAgentRequest(message(2, text(2, 'u-2'))), { kind: 'del', uid: 'u-2' });
  t.same(decodeAgentRequest(message(3)), { kind: 'snapshot-sent' });
  t.same(decodeAgentRequest(message(5, text(1, 'u-3'))), { kind: 'keep', uid: 'u-3' });
  t.same([...encodeAgentAck()], [0x0a, 0x00]);
  t.same(Buffer.from(encodeAgentAck('no')), message(1, text(1, 'no')));
  t.end();
});

test('what lacks something, or is nothing that is known, is an error', (t) => {
  const bad = [
    Buffer.alloc(0),
    Buffer.from('garbage'),
    message(9, text(1, 'u')),
    message(1, text(1, 'u')),
    message(1, message(2, text(1, 'web'), text(2, 'shop'), text(3, 'cart'))),
    message(2, text(1, 'the field of another message')),
  ];
  for (const bytes of bad) t.throws(() => decodeAgentRequest(bytes), WireError);
  const anyBytes = fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
    try {
      decodeAgentRequest(bytes);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
    }
  });
  fc.assert(anyBytes);
  t.end();
});

test('an acknowledgement fits a packet, however much there is to say', (t) => {
  for (const long of ['x'.repeat(5_000), 'ü'.repeat(5_000), '💥'.repeat(5_000)]) {
    const packet = encodeAgentAck(long);
    t.ok(packet.length <= MOST_PACKET_BYTES && packet.length > MOST_PACKET_BYTES - 32);
    // Two tags, each with a length of two bytes, come before the text.
    t.notOk(Buffer.from(packet).subarray(6).toString().includes('\uFFFD'), 'no letter is cut in two');
  }
  t.end();
});
