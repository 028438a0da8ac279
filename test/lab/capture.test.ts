import fc from 'fast-check';
import { test } from 'tap';
import { decodeTcpPacket, formatTcpPacket, simpleFilter } from '../../src/lab/capture/index.ts';

/** Ethernet, IPv4 10.244.1.2 → 10.244.2.3, TCP 40000 → 8080 PSH+ACK, then the payload. */
function frame(payload: string, padding = 0): Buffer {
  const ethernet = Buffer.from('0200000000010200000000020800', 'hex');
  const ip = Buffer.from('450000000000400040060000' + '0af40102' + '0af40203', 'hex');
  ip.writeUInt16BE(40 + payload.length, 2);
  const tcp = Buffer.from('9c401f90' + '00000001' + '00000002' + '5018' + 'ffff' + '00000000', 'hex');
  return Buffer.concat([ethernet, ip, tcp, Buffer.from(payload), Buffer.alloc(padding)]);
}

test('a packet is shown with its ends, flags and what is readable of it', async (t) => {
  const packet = decodeTcpPacket(frame('GET /\r\n\x00\x16card', 6));
  if (packet === undefined) throw new Error('the frame does not decode');
  t.match(packet, { source: '10.244.1.2.40000', destination: '10.244.2.3.8080', flags: 'P.' });
  const text = formatTcpPacket(packet, new Date(0));
  t.equal(
    text,
    '00:00:00.000 IP 10.244.1.2.40000 > 10.244.2.3.8080: Flags [P.], length 13\nGET /\r\n..card\n',
  );
});

test('a filter by port takes both directions, and foreign filters are left to tcpdump', async (t) => {
  const packet = decodeTcpPacket(frame(''));
  if (packet === undefined) throw new Error('the frame does not decode');
  t.equal(simpleFilter(['port', '8080'])?.(packet), true);
  t.equal(simpleFilter(['tcp port 40000'])?.(packet), true);
  t.equal(simpleFilter(['port 1'])?.(packet), false);
  t.equal(simpleFilter([])?.(packet), true);
  t.equal(simpleFilter(['host 10.0.0.1']), undefined);
});

test('no frame makes the decoder throw', async (t) => {
  const whole = frame('payload');
  for (let length = 0; length < whole.length; length++) decodeTcpPacket(whole.subarray(0, length));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.constantFrom(0x0800, 0x86dd), (bytes, type) => {
      const altered = Uint8Array.from(bytes);
      if (altered.length > 13) new DataView(altered.buffer).setUint16(12, type);
      decodeTcpPacket(altered);
    }),
    { numRuns: 2_000 },
  );
  t.pass('none did');
});
