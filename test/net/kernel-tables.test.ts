import fc from 'fast-check';
import { test } from 'tap';
import { parseTcpTable } from '../../src/net/connection/tcp-connection.ts';
import { parseSaveOutput } from '../../src/net/redirection/snapshot.ts';
import { decodeAttributes, encodeAttribute } from '../../src/net/system/netlink.ts';

const TCP_HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';

test('connections are read from the kernel table of each family', async (t) => {
  const rows = [
    '   0: 0100007F:3AA0 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1001 1',
    '   1: 0200010A:1F90 0100010A:C350 01 00000000:00000000 00:00000000 00000000     0        0 1002 1',
    '   2: 0200010A:1F90 0100010A:C351 06 00000000:00000000 03:00001234 00000000     0        0 0 3',
    '   3: 000001FD000000000000000002000000:1F90 000001FD000000000000000001000000:C352 08 00000000:00000000 00:00000000 00000000     0        0 1003 1',
    '   4: 0000000000000000FFFF00000200010A:1F90 0000000000000000FFFF00000100010A:C353 04 00000000:00000000 00:00000000 00000000     0        0 0 1',
  ];
  t.same(parseTcpTable(`${TCP_HEAD}${rows.join('\n')}\n`), [
    {
      local: { address: '10.1.0.2', port: 8080 },
      remote: { address: '10.1.0.1', port: 50000 },
      state: 'established',
      inode: 1002,
    },
    {
      local: { address: 'fd01::2', port: 8080 },
      remote: { address: 'fd01::1', port: 50002 },
      state: 'close-wait',
      inode: 1003,
    },
    {
      local: { address: '10.1.0.2', port: 8080 },
      remote: { address: '10.1.0.1', port: 50003 },
      state: 'fin-wait',
      inode: 0,
    },
  ]);
});

test('a table is empty only when nobody has changed anything in it', async (t) => {
  const empty = '*nat\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [3:180]\nCOMMIT\n';
  const isEmpty = (text: string) => parseSaveOutput(text).get('nat')?.isEmpty;
  t.equal(isEmpty(empty), true);
  t.equal(isEmpty(empty.replace('OUTPUT ACCEPT', 'OUTPUT DROP')), false);
  t.equal(isEmpty(empty.replace('COMMIT', ':THEIRS - [0:0]\nCOMMIT')), false);
  t.equal(isEmpty(empty.replace('COMMIT', '-A OUTPUT -p tcp -j ACCEPT\nCOMMIT')), false);
  t.equal(parseSaveOutput('# Generated\n').size, 0);
});

test('netlink attributes come back as they were written, and garbage ends the reading', async () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 0x3fff }), fc.uint8Array({ maxLength: 40 })), {
        selector: ([type]) => type,
      }),
      (pairs) => {
        const decoded = decodeAttributes(
          Buffer.concat(pairs.map(([type, value]) => encodeAttribute(type, value))),
        );
        return pairs.every(([type, value]) => decoded.get(type)?.equals(value) === true);
      },
    ),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      decodeAttributes(Buffer.from(bytes));
    }),
  );
});
