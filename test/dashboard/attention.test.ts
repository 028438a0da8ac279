import { test } from 'tap';
import type { CertificateView, ProxyView } from '../../src/model/index.ts';
import { type AttentionSources, attentionOf } from '../../src/dashboard/traffic/attention.ts';
import { certificateState } from '../../src/dashboard/traffic/certificate-health.ts';
import { shopMesh } from '../support/dashboard-api/shop-mesh.ts';

const DAY_MS = 86_400_000;
const NOW_MS = 100 * DAY_MS;
const mesh = shopMesh(NOW_MS, 'mesh');

const WELL: AttentionSources = {
  services: [],
  proxies: [],
  certificates: [],
  waypoints: [],
  policies: [],
  nowMs: NOW_MS,
};
const LEAF: CertificateView = {
  kind: 'workload',
  name: 'spiffe://cluster.local/ns/shop/sa/cart',
  proxy: 'ztunnel/node-1',
  serial: '1',
  state: 'available',
  notBeforeMs: NOW_MS - 0.8 * DAY_MS,
  notAfterMs: NOW_MS + 0.2 * DAY_MS,
  rotations: [{ atMs: NOW_MS, serial: '', outcome: 'failed', error: 'no controller answers' }],
};

test('where all is well nothing needs attention', async (t) => {
  t.same(attentionOf(WELL), []);
});

test('problems of services come with cause and remedy, the gravest first', async (t) => {
  const found = attentionOf({ ...WELL, services: mesh['/api/v1/services'].services });
  t.match(found, [
    { what: 'service shop/catalog', message: /ECONNREFUSED/, tone: 'bad', page: 'services' },
    { what: 'service shop/catalog', message: /is slow: it answers in 1\.2 s/, tone: 'warn' },
  ]);
});

test('a certificate that is not renewed is named with the last error', async (t) => {
  t.match(attentionOf({ ...WELL, certificates: [LEAF] }), [
    {
      what: 'certificate of shop/sa/cart at ztunnel/node-1',
      message: 'ends in 4 h 48 min, and is not renewed; the last renewal failed: no controller answers',
      tone: 'warn',
    },
  ]);
});

test('a proxy that renews none of its certificates is told once', async (t) => {
  const other = { ...LEAF, name: 'spiffe://cluster.local/ns/shop/sa/web', notAfterMs: NOW_MS + 0.1 * DAY_MS };
  const root = { ...LEAF, kind: 'root' as const, name: 'CN=root', rotations: [] };
  t.match(attentionOf({ ...WELL, certificates: [LEAF, other, root] }), [
    { what: 'root CN=root', message: 'ends in 4 h 48 min', tone: 'bad' },
    {
      what: 'certificate of shop/sa/web at ztunnel/node-1',
      message: /and is not renewed \(and 1 more there\)/,
    },
  ]);
});

test('a proxy that is stale is named with the reason', async (t) => {
  const [proxy] = mesh['/api/v1/proxies'].proxies;
  if (proxy === undefined) throw new Error('the fixture lacks a proxy');
  const stale: ProxyView = { ...proxy, id: 'ztunnel/node-9', state: 'stale', reason: 'no report for 50 s' };
  t.match(attentionOf({ ...WELL, proxies: [stale] }), [
    { what: 'ztunnel/node-9', message: 'stale: no report for 50 s', page: 'proxies' },
  ]);
  const rejecting: ProxyView = { ...stale, state: 'rejecting' };
  t.match(attentionOf({ ...WELL, proxies: [rejecting] }), [{ tone: 'bad', hint: /may not understand/ }]);
});

test('what a certificate was said to be is not believed when time has passed over it', async (t) => {
  t.equal(certificateState({ ...LEAF, rotations: [] }, NOW_MS - 0.6 * DAY_MS), 'available');
  t.equal(certificateState(LEAF, NOW_MS - 0.6 * DAY_MS), 'not renewed');
  t.equal(certificateState(LEAF, NOW_MS), 'past three quarters of its life');
  t.equal(certificateState(LEAF, NOW_MS + DAY_MS), 'expired');
  t.equal(certificateState({ ...LEAF, kind: 'root' }, NOW_MS), 'ends soon');
});
