import { BlockList, isIP, SocketAddress } from 'node:net';
import fc from 'fast-check';
import { test } from 'tap';
import {
  cidrContains,
  cidrFromBytes,
  formatAuthority,
  formatCidr,
  ipAddressFromBytes,
  ipAddressToBytes,
  ipFamily,
  kernelIpAddress,
  parseCidr,
  parseIpAddress,
  tryParseIpAddress,
} from '../../src/model/index.ts';

test('an address has one spelling, that of RFC 5952', async (t) => {
  const rows: [string, string][] = [
    ['10.0.0.1', '10.0.0.1'],
    ['::', '::'],
    ['::1', '::1'],
    ['2001:DB8::0001', '2001:db8::1'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['1::', '1::'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:a00:1', '10.0.0.1'],
    ['::ffff:0:10.0.0.1', '::ffff:0:a00:1'],
    ['64:ff9b::10.0.0.1', '64:ff9b::a00:1'],
    ['fe80::1%eth0', 'fe80::1'],
  ];
  for (const [text, canonical] of rows) t.equal(parseIpAddress(text), canonical, text);
});

test('what is no address is refused', async (t) => {
  for (const text of [
    '',
    '10.0.0',
    '10.0.0.256',
    '01.2.3.4',
    '10.0.0.1/8',
    ':::',
    '1::2::3',
    'g::',
    'localhost',
    '[::1]',
    '::1 ',
  ]) {
    t.equal(tryParseIpAddress(text), undefined, text);
    t.throws(() => parseIpAddress(text), { code: 'ERR_MODEL_IP_ADDRESS' }, text);
  }
  for (const length of [0, 3, 5, 15, 17])
    t.throws(() => ipAddressFromBytes(new Uint8Array(length)), { code: 'ERR_MODEL_IP_ADDRESS' });
});

test('any text either parses to an address that parses to itself, or is no address to Node either', async (t) => {
  const texts = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.ipV4Extended(),
    fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF:.%') }),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const address = tryParseIpAddress(text);
      if (address === undefined) return isIP(text) === 0;
      return (
        isIP(address) !== 0 && parseIpAddress(address) === address && ipFamily(address) === isIP(address)
      );
    }),
    { numRuns: 5000 },
  );
  t.pass('held for every text tried');
});

test('bytes and text are the same address, and Node spells and compares it alike', async (t) => {
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    fc
      .array(fc.constantFrom(0, 1, 255), { minLength: 16, maxLength: 16 })
      .map((array) => Uint8Array.from(array)),
  );
  fc.assert(
    fc.property(bytes, (given) => {
      const address = ipAddressFromBytes(given);
      if (parseIpAddress(address) !== address) return false;
      const back = ipAddressToBytes(address);
      const same = Buffer.compare(back, back.length === given.length ? given : given.subarray(12)) === 0;
      if (ipFamily(address) === 4) return same;
      const theirs = new SocketAddress({ address, family: 'ipv6' }).address;
      return same && kernelIpAddress(theirs) === parseIpAddress(theirs) && parseIpAddress(theirs) === address;
    }),
    { numRuns: 3000 },
  );
  t.pass('held for every address tried');
});

test('what the kernel tells is taken as it is, but for mapped addresses and zones', async (t) => {
  t.equal(kernelIpAddress('::ffff:10.0.0.1'), '10.0.0.1');
  t.equal(kernelIpAddress('fe80::1%eth0'), 'fe80::1');
  t.equal(kernelIpAddress('10.0.0.1'), '10.0.0.1');
  t.equal(kernelIpAddress('::1.2.3.4'), '::102:304');
});

test('an authority puts IPv6 in brackets', async (t) => {
  t.equal(formatAuthority(parseIpAddress('10.0.0.1'), 80), '10.0.0.1:80');
  t.equal(formatAuthority(parseIpAddress('fd00::1'), 80), '[fd00::1]:80');
});

test('a range is read with or without its length, and a bad one is refused', async (t) => {
  t.equal(formatCidr(parseCidr('10.0.0.0/8')), '10.0.0.0/8');
  t.equal(formatCidr(parseCidr('10.0.0.1')), '10.0.0.1/32');
  t.equal(formatCidr(parseCidr('FD00::/8')), 'fd00::/8');
  t.equal(formatCidr(parseCidr('::ffff:10.0.0.0/104')), '10.0.0.0/8');
  for (const text of [
    '',
    '/',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '::/129',
    'x/8',
    '10.0.0.0/1e1',
    '::ffff:10.0.0.0/95',
  ])
    t.throws(() => parseCidr(text), { code: 'ERR_MODEL_CIDR' }, text);
});

test('a range from bytes counts a mapped prefix from where IPv4 begins', async (t) => {
  const mapped = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 0);
  t.equal(formatCidr(cidrFromBytes(mapped, 104)), '10.0.0.0/8');
  t.equal(formatCidr(cidrFromBytes(Uint8Array.of(10, 0, 0, 0), 8)), '10.0.0.0/8');
  t.throws(() => cidrFromBytes(mapped, 90), { code: 'ERR_MODEL_CIDR' });
  t.throws(() => cidrFromBytes(Uint8Array.of(10, 0, 0, 0), 33), { code: 'ERR_MODEL_CIDR' });
});

test('a range contains exactly what Node’s own block list says', async (t) => {
  const v4 = fc.array(fc.constantFrom(0, 1, 127, 128, 255), { minLength: 4, maxLength: 4 });
  const v6 = fc.array(fc.constantFrom(0, 1, 128, 255), { minLength: 16, maxLength: 16 });
  const address = fc.oneof(v4, v6).map((bytes) => ipAddressFromBytes(Uint8Array.from(bytes)));
  fc.assert(
    fc.property(address, address, fc.nat(128), (base, candidate, length) => {
      const prefixLength = Math.min(length, ipFamily(base) === 4 ? 32 : 128);
      const list = new BlockList();
      list.addSubnet(base, prefixLength, ipFamily(base) === 4 ? 'ipv4' : 'ipv6');
      const expected =
        ipFamily(base) === ipFamily(candidate) &&
        list.check(candidate, ipFamily(candidate) === 4 ? 'ipv4' : 'ipv6');
      return cidrContains({ address: base, prefixLength }, candidate) === expected;
    }),
    { numRuns: 5000 },
  );
  t.pass('held for every range tried');
});
