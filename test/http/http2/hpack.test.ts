import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'tap';
import type { HeaderField } from '../../../src/http/http2/hpack/index.ts';
import { createHpackDecoder, createHpackEncoder } from '../../../src/http/http2/hpack/index.ts';
import { conformancePath, needsConformanceData } from '../../support/conformance.ts';
import { faultCode } from './support/scripted-peer.ts';

interface Story {
  readonly cases: readonly {
    readonly wire: string;
    readonly header_table_size?: number;
    readonly headers: readonly Record<string, string>[];
  }[];
}

const LIMITS = { tableBytes: 4096, maxListBytes: 65_536 };
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

test('header blocks of other encoders decode to their headers', needsConformanceData(), async (t) => {
  const root = conformancePath('http2/hpack-test-case');
  for (const encoder of readdirSync(root)) {
    for (const name of readdirSync(`${root}/${encoder}`)) {
      const story = JSON.parse(readFileSync(`${root}/${encoder}/${name}`, 'utf8')) as Story;
      // The size of a story is what its decoder's SETTINGS would have said at most.
      const tableBytes = Math.max(4096, ...story.cases.map((entry) => entry.header_table_size ?? 0));
      const decoder = createHpackDecoder({ ...LIMITS, tableBytes });
      for (const [index, entry] of story.cases.entries()) {
        const expected = entry.headers.flatMap((header) => Object.entries(header));
        t.same(decoder.decode(hex(entry.wire)).fields, expected, `${encoder}/${name} ${index}`);
      }
    }
  }
});

test('the examples of RFC 7541 Appendix C decode', async (t) => {
  const plain = createHpackDecoder(LIMITS);
  t.same(plain.decode(hex('8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d')).fields.at(-1), [
    ':authority',
    'www.example.com',
  ]);
  t.same(plain.decode(hex('8286 84be 5808 6e6f 2d63 6163 6865')).fields.slice(3), [
    [':authority', 'www.example.com'],
    ['cache-control', 'no-cache'],
  ]);
  const huffman = createHpackDecoder(LIMITS);
  t.same(huffman.decode(hex('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff')).fields.at(-1), [
    ':authority',
    'www.example.com',
  ]);
  t.same(huffman.decode(hex('8286 84be 5886 a8eb 1064 9cbf')).fields.at(-1), ['cache-control', 'no-cache']);
});

test('our own blocks decode, and the first says that we keep no table', async (t) => {
  const encoder = createHpackEncoder();
  const fields: HeaderField[] = [
    [':method', 'CONNECT'],
    [':authority', '[2001:db8::1]:8080'],
    ['baggage', 'x'.repeat(300)],
    ['x-empty', ''],
  ];
  const decoder = createHpackDecoder(LIMITS);
  const first = encoder.encode(fields);
  t.equal(first[0], 0x20);
  t.same(decoder.decode(first).fields, fields);
  t.same(decoder.decode(encoder.encode(fields)).fields, fields);
  t.same(encoder.encode([[':status', '200']]), Buffer.of(0x88));
});

test('a block that is broken is a compression error', async (t) => {
  const rows: Record<string, string> = {
    'index 0': '80',
    'an index beyond the tables': 'be',
    'a name index beyond the tables': '7f00',
    'an integer without end': `ff${'ff'.repeat(10)}`,
    'a string beyond the block': '00 05 61',
    'a field cut after its name': '00 01 61',
    'Huffman padding of zeros': '00 81 00 00',
    'Huffman padding of a whole octet': '00 82 07ff 00',
    'EOS inside a string': '00 84 3fffffff 00',
    'a table size update after a field': '82 20',
    'three table size updates': '20 20 20',
    'a table larger than allowed': '3f e2 1f',
  };
  for (const [what, block] of Object.entries(rows))
    t.equal(
      faultCode(() => createHpackDecoder(LIMITS).decode(hex(block))),
      9,
      what,
    );
});

test('a list beyond its limit is cut short, and the table stays in step', async (t) => {
  const decoder = createHpackDecoder({ tableBytes: 4096, maxListBytes: 100 });
  // An indexed literal, then a hundred references to it: the classic bomb.
  const bomb = Buffer.concat([hex('40 01 61 01 62'), Buffer.alloc(100, 0xbe)]);
  const { fields, tooLarge } = decoder.decode(bomb);
  t.equal(tooLarge, true);
  t.ok(fields.length <= 3);
  t.same(decoder.decode(hex('be')).fields, [['a', 'b']]);
});

test('entries leave the table oldest first, and a too large one empties it', async (t) => {
  const decoder = createHpackDecoder({ tableBytes: 80, maxListBytes: 10_000 });
  decoder.decode(hex('3f 31 40 01 61 01 31 40 01 62 01 32'));
  t.same(decoder.decode(hex('be bf')).fields, [
    ['b', '2'],
    ['a', '1'],
  ]);
  decoder.decode(hex('40 01 63 01 33'));
  t.same(decoder.decode(hex('be bf')).fields, [
    ['c', '3'],
    ['b', '2'],
  ]);
  decoder.decode(Buffer.concat([hex('40 01 64 7f 00'), Buffer.alloc(127, 0x61)]));
  t.equal(
    faultCode(() => decoder.decode(hex('be'))),
    9,
  );
});
