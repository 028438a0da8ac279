import fc from 'fast-check';
import { test } from 'tap';
import {
  answerQuery,
  buildZone,
  decodeQuery,
  encodeAnswer,
  RECORD_TYPES,
  type Zone,
} from '../../src/lab/dns/index.ts';
import type { EndpointSliceObject, ServiceObject } from '../../src/lab/cluster/objects/index.ts';

const metadata = (name: string, labels: Readonly<Record<string, string>> = {}) => ({
  name,
  namespace: 'shop',
  uid: name,
  resourceVersion: '1',
  generation: 1,
  creationTimestamp: '',
  labels,
  annotations: {},
});

const services: readonly ServiceObject[] = [
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata('cart'),
    spec: {
      clusterIP: '10.96.0.10',
      clusterIPs: ['10.96.0.10', 'fd00:10:96::a'],
      ports: [{ name: 'http', port: 80 }],
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata('db'),
    spec: { clusterIP: 'None', clusterIPs: ['None'] },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata('alias'),
    spec: { type: 'ExternalName', externalName: 'cart.shop.svc.cluster.local' },
  },
];
const slices: readonly EndpointSliceObject[] = [
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: metadata('db-v4', { 'kubernetes.io/service-name': 'db' }),
    addressType: 'IPv4',
    endpoints: [
      { addresses: ['10.244.1.5'], hostname: 'db-0', conditions: { ready: true } },
      { addresses: ['10.244.2.5'], hostname: 'db-1', conditions: { ready: false } },
    ],
  },
];
const zone: Zone = buildZone({ services, slices, namespaces: ['shop'], clusterDomain: 'cluster.local' });

function ask(
  name: string,
  type: keyof typeof RECORD_TYPES,
): { readonly code: number; readonly found: readonly string[] } {
  const query = decodeQuery(encodeQuery(name, RECORD_TYPES[type]));
  if (query === undefined) throw new Error(`the query for ${name} does not decode`);
  const { code, records } = answerQuery(zone, query);
  return {
    code,
    found: records.map((record) =>
      'address' in record ? record.address : `${record.type} ${record.target}`,
    ),
  };
}

test('services answer with their virtual addresses', async (t) => {
  t.same(ask('cart.shop.svc.cluster.local', 'A'), { code: 0, found: ['10.96.0.10'] });
  t.same(ask('CART.Shop.svc.cluster.local', 'AAAA'), { code: 0, found: ['fd00:10:96::a'] });
  t.same(ask('_http._tcp.cart.shop.svc.cluster.local', 'SRV'), {
    code: 0,
    found: ['SRV cart.shop.svc.cluster.local'],
  });
});

test('headless services answer with ready pods, which have names', async (t) => {
  t.same(ask('db.shop.svc.cluster.local', 'A'), { code: 0, found: ['10.244.1.5'] });
  t.same(ask('db-0.db.shop.svc.cluster.local', 'A'), { code: 0, found: ['10.244.1.5'] });
  t.same(ask('db-1.db.shop.svc.cluster.local', 'A'), { code: 3, found: [] });
});

test('an alias is followed', async (t) => {
  t.same(ask('alias.shop.svc.cluster.local', 'A'), {
    code: 0,
    found: ['CNAME cart.shop.svc.cluster.local', '10.96.0.10'],
  });
});

test('a name without such a record exists, and a name that is not there does not', async (t) => {
  t.same(ask('db.shop.svc.cluster.local', 'AAAA'), { code: 0, found: [] });
  t.same(ask('shop.svc.cluster.local', 'A'), { code: 0, found: [] });
  t.same(ask('nobody.shop.svc.cluster.local', 'A'), { code: 3, found: [] });
  t.same(ask('example.com', 'A'), { code: 3, found: [] });
});

test('an answer that does not fit is cut, with the flag that asks for TCP', async (t) => {
  const query = decodeQuery(encodeQuery('many.example', RECORD_TYPES.A));
  if (query === undefined) throw new Error('the query does not decode');
  const records = Array.from({ length: 100 }, (_, index) => ({
    name: 'many.example',
    type: 'A' as const,
    address: `10.0.0.${index}`,
  }));
  const cut = Buffer.from(encodeAnswer(query, { code: 0, records }, query.udpPayloadBytes));
  t.ok(cut.length <= 512);
  t.equal(cut.readUInt16BE(2) & 0x0200, 0x0200);
  t.equal(Buffer.from(encodeAnswer(query, { code: 0, records }, 65_535)).readUInt16BE(6), 100);
});

test('no bytes make the decoder throw', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      const query = decodeQuery(bytes);
      if (query !== undefined) encodeAnswer(query, answerQuery(zone, query), query.udpPayloadBytes);
    }),
    { numRuns: 2_000 },
  );
  const message = encodeQuery('cart.shop.svc.cluster.local', RECORD_TYPES.A);
  for (let length = 0; length < message.length; length++)
    t.equal(decodeQuery(message.subarray(0, length)), undefined);
});

function encodeQuery(name: string, type: number): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)]));
  const end = Buffer.from([0, 0, type, 0, 1]);
  return Buffer.concat([Buffer.from('abcd01000001000000000000', 'hex'), ...labels, end]);
}
