import { test } from 'tap';
import { parseIpAddress } from '../../src/model/index.ts';
import {
  formatBaggage,
  formatForwarded,
  formatTunnelAuthority,
  parseAuthority,
  parseBaggage,
  parseForwarded,
} from '../../src/tunnel-protocol/index.ts';

test('an authority is an address or a hostname, with a port', async (t) => {
  const rows: readonly [string, object, string?][] = [
    ['10.0.0.1:80', { kind: 'address', address: '10.0.0.1', port: 80 }],
    [
      '[2001:DB8:0::1]:15008',
      { kind: 'address', address: '2001:db8::1', port: 15008 },
      '[2001:db8::1]:15008',
    ],
    ['[::ffff:10.0.0.1]:1', { kind: 'address', address: '10.0.0.1', port: 1 }, '10.0.0.1:1'],
    [
      'Cart.Shop.svc.cluster.local.:65535',
      { kind: 'hostname', port: 65535 },
      'cart.shop.svc.cluster.local:65535',
    ],
    ['localhost:8080', { kind: 'hostname', hostname: 'localhost', port: 8080 }],
    ['a_b.c-d:443', { kind: 'hostname', hostname: 'a_b.c-d', port: 443 }],
  ];
  for (const [text, expected, formatted] of rows) {
    t.match(parseAuthority(text), expected, text);
    t.equal(formatTunnelAuthority(parseAuthority(text)), formatted ?? text);
  }
});

test('what is no authority is refused', async (t) => {
  const rows = [
    ...[
      '',
      ':',
      ':80',
      'host',
      'host:',
      '10.0.0.1',
      '10.0.0.1:',
      '10.0.0.1:0',
      '10.0.0.1:65536',
      '10.0.0.1:080',
    ],
    ...[
      '10.0.0.1:+80',
      '10.0.0.1: 80',
      ' 10.0.0.1:80',
      '10.0.0.1:80 ',
      '::1:80',
      '[::1]',
      '[::1:80',
      '::1]:80',
    ],
    ...['[10.0.0.1]:80', '[fe80::1%eth0]:80', '[::1]x:80', 'user@host:80', 'http://host:80', 'host:80/path'],
    ...[
      '1.2.3:80',
      '1.2.3.999:80',
      '-a:80',
      'a-:80',
      'a..b:80',
      '.a:80',
      `${'a'.repeat(64)}:80`,
      'ü:80',
      'a b:80',
    ],
    `${'a.'.repeat(130)}a:80`,
  ];
  for (const text of rows) t.throws(() => parseAuthority(text), { code: 'ERR_TUNNEL_AUTHORITY' }, text);
});

test('baggage carries a workload there and back', async (t) => {
  const baggage = {
    cluster: 'Kubernetes',
    namespace: 'shop',
    workloadType: 'deployment',
    workloadName: 'cart',
    service: 'cart',
    version: 'v1, "new" 100%',
    region: 'eu',
    zone: 'eu-1',
  } as const;
  const text = formatBaggage(baggage);
  t.match(
    text,
    'k8s.cluster.name=Kubernetes,k8s.namespace.name=shop,k8s.deployment.name=cart,service.name=cart',
  );
  t.same(parseBaggage(text), baggage);
  t.equal(formatBaggage({}), '');
  t.equal(formatBaggage({ workloadName: 'x' }), 'k8s.pod.name=x');
  t.equal(formatBaggage({ version: '\ud800' }), 'service.version=%EF%BF%BD');
});

test('baggage that others wrote is read as far as it goes', async (t) => {
  t.same(parseBaggage(undefined), {});
  t.same(parseBaggage('a'.repeat(9000)), {});
  t.same(parseBaggage(' k8s.namespace.name = shop ;meta=1 , nonsense, =x, service.name=, cloud.region=%zz'), {
    namespace: 'shop',
  });
  t.same(parseBaggage('k8s.pod.name=a,k8s.deployment.name=b,service.name=c,service.name=d'), {
    workloadType: 'pod',
    workloadName: 'a',
    service: 'c',
  });
  t.same(parseBaggage('__proto__=x,constructor=y'), {});
});

test('forwarded names the client and the service', async (t) => {
  const client = { address: parseIpAddress('2001:db8::1'), port: 4711 };
  const text = formatForwarded({ client, host: 'cart.shop.svc.cluster.local' });
  t.equal(text, 'for="[2001:db8::1]:4711";host=cart.shop.svc.cluster.local');
  t.same(parseForwarded(text), { client, host: 'cart.shop.svc.cluster.local' });
  t.equal(formatForwarded({ host: 'a"b\\c\n' }), 'host="a\\"b\\\\c"');
  t.equal(formatForwarded({}), '');
});

test('forwarded of others is read leniently, the first element only', async (t) => {
  const client = { address: '10.0.0.1', port: 80 };
  t.same(parseForwarded('For=10.0.0.1:80; HOST="a\\"b";proto=http, for="10.0.0.2:1"'), {
    client,
    host: 'a"b',
  });
  t.same(parseForwarded('for=unknown;host=x'), { host: 'x', client: undefined });
  t.same(parseForwarded('for=_hidden'), { client: undefined });
  for (const text of [undefined, '', ';;;', '=', 'for', 'for="', '"', `host=${'x'.repeat(5000)}`])
    t.same(parseForwarded(text), {}, String(text).slice(0, 20));
});
