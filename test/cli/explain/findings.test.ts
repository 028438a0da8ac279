import { test } from 'tap';
import { createApiClient } from '../../../src/cli/api/index.ts';
import type { Finding } from '../../../src/cli/explain/explanation.ts';
import { findFaults } from '../../../src/cli/explain/history/findings.ts';
import { findCaller } from '../../../src/cli/explain/parties/caller.ts';
import { findTarget } from '../../../src/cli/explain/parties/target.ts';
import type { ApiAnswers } from '../../../src/model/index.ts';
import { ANSWERS } from '../observe/support/answers.ts';
import { startApiServer } from '../observe/support/api-server.ts';
import { worldOf } from './support/shop.ts';

const MINUTE_MS = 60_000;

/** What is found between shopper and payments where the mesh answers so. */
async function found(
  t: Parameters<typeof startApiServer>[0],
  over: Partial<ApiAnswers>,
): Promise<readonly Finding[]> {
  const { url } = await startApiServer(t, {
    '/api/v1/services': { services: [] },
    '/api/v1/proxies': { proxies: [] },
    '/api/v1/certificates': { certificates: [] },
    ...over,
  });
  const world = worldOf();
  const caller = findCaller(world, 'deploy/shopper', 'shop');
  const target = findTarget(world, 'payments', { caller, namespace: 'shop' });
  return findFaults(createApiClient({ url: new URL(url), token: undefined }), { world, caller, target });
}

function held(name: string, leftMs: number): ApiAnswers['/api/v1/certificates']['certificates'][number] {
  const nowMs = Date.now();
  return {
    kind: 'workload',
    name: `spiffe://cluster.local/ns/shop/sa/${name}`,
    proxy: 'ztunnel/node-1',
    serial: '1',
    state: 'available',
    notBeforeMs: nowMs - 60 * MINUTE_MS,
    notAfterMs: nowMs + leftMs,
    rotations: [],
  };
}

test('certificates of both ends that are not renewed are named, whether they still hold or not', async (t) => {
  const certificates = [
    held('payments', 5 * MINUTE_MS),
    held('shopper', -MINUTE_MS),
    held('cart', -MINUTE_MS),
    held('payments', 60 * MINUTE_MS),
  ];
  t.match(await found(t, { '/api/v1/certificates': { certificates } }), [
    {
      what: 'certificate of spiffe://cluster.local/ns/shop/sa/payments at ztunnel/node-1',
      message: /^expires in .*, and was not renewed at half of its life$/,
    },
    { what: /sa\/shopper/, message: /^expired .* ago, and was not renewed/ },
  ]);
});

test('the problems of the service that is asked for are told, but for what policies refuse', async (t) => {
  const [payments, cart] = ANSWERS['/api/v1/services']?.services ?? [];
  if (payments === undefined || cart === undefined) throw new Error('the fixture lacks services');
  const problem = { workload: '', hint: 'what to do' };
  const services = [
    {
      ...payments,
      problems: [
        { ...problem, kind: 'slow' as const, message: 'it is slow' },
        { ...problem, kind: 'refused' as const, message: 'some are refused' },
      ],
    },
    { ...cart, problems: [{ ...problem, kind: 'failing' as const, message: 'cart fails' }] },
  ];
  t.same(await found(t, { '/api/v1/services': { services } }), [
    { what: 'service shop/payments', message: 'it is slow', hint: 'what to do' },
  ]);
});

test('proxies that are behind are told where the way leads through them', async (t) => {
  const [proxy] = ANSWERS['/api/v1/proxies']?.proxies ?? [];
  if (proxy === undefined) throw new Error('the fixture lacks a proxy');
  const stale = { ...proxy, state: 'stale' as const, reason: 'no report for 50 s' };
  const proxies = [
    { ...stale, id: 'ztunnel/imagined-node' },
    { ...stale, id: 'ztunnel/elsewhere' },
  ];
  t.match(await found(t, { '/api/v1/proxies': { proxies } }), [
    { what: 'ztunnel/imagined-node', message: /^stale: no report for 50 s; it decides by what held before$/ },
  ]);
});
