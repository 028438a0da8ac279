import { test } from 'tap';
import { formatRule, formatTarget, shortIdentity } from '../../src/dashboard/format/names.ts';
import {
  formatBytes,
  formatLatency,
  formatNumber,
  formatPercent,
} from '../../src/dashboard/format/numbers.ts';
import { formatAgo, formatDuration, formatUntil } from '../../src/dashboard/format/time.ts';
import { refusal } from '../support/dashboard-api/shop-mesh.ts';

test('numbers keep to a few characters, whatever their size', async (t) => {
  t.same([0, 0.001, 0.04, 1.25, 12.34, 124.6, 9_999, 12_340, 999_400, 4_100_000].map(formatNumber), [
    '0',
    '<0.01',
    '0.04',
    '1.3',
    '12.3',
    '125',
    '9999',
    '12.3k',
    '999k',
    '4.1M',
  ]);
  t.same([Number.NaN, Number.POSITIVE_INFINITY].map(formatNumber), ['–', '–']);
});

test('bytes are told in decimal units', async (t) => {
  t.same([0, 999, 1_234, 34_000_000, 1.5e12].map(formatBytes), ['0 B', '999 B', '1.2 kB', '34 MB', '1.5 TB']);
});

test('what is not whole is never shown as whole, and a little never as nothing', async (t) => {
  t.same([1, 0.999_999, 0.999_2, 0.998_98, 0.982, 0.000_01, 0].map(formatPercent), [
    '100 %',
    '99.99 %',
    '99.92 %',
    '99.89 %',
    '98.2 %',
    '<0.1 %',
    '0 %',
  ]);
});

test('latencies have a unit that fits, and a dash where nothing was timed', async (t) => {
  t.same([0.42, 12.4, 999.7, 1_240, undefined].map(formatLatency), ['0.4 ms', '12 ms', '1 s', '1.24 s', '–']);
});

test('lengths of time are told in their two largest units', async (t) => {
  t.same([0, 42_000, 185_000, 7_800_000, 273_600_000].map(formatDuration), [
    '0 s',
    '42 s',
    '3 min 5 s',
    '2 h 10 min',
    '3 d 4 h',
  ]);
});

test('a clock that is behind makes nothing come from the future', async (t) => {
  t.equal(formatAgo(10_000, 9_000), 'now');
  t.equal(formatAgo(1_000, 43_000), '42 s ago');
  t.equal(formatUntil(43_000, 1_000), 'in 42 s');
  t.equal(formatUntil(1_000, 43_000), '42 s ago');
});

test('identities are told without their trust domain, and what is none of ours as it is', async (t) => {
  t.equal(shortIdentity('spiffe://cluster.local/ns/shop/sa/cart'), 'shop/sa/cart');
  t.equal(shortIdentity('spiffe://cluster.local/other'), 'spiffe://cluster.local/other');
});

test('a refusal tells its rule, that no rule matched, or its reason', async (t) => {
  const of = refusal({ id: '1', atMs: 0 });
  t.equal(formatRule({ ...of, rule: 2 }), 'shop/payments-from-cart, rule 2');
  t.equal(formatRule({ ...of, rule: 0 }), 'shop/payments-from-cart, no rule matched');
  t.equal(formatRule({ ...of, policy: '', reason: 'connect-refused' }), 'connect-refused');
});

test('where something was going is told by the service, else the workload, else the address', async (t) => {
  const of = refusal({ id: '1', atMs: 0 });
  t.equal(formatTarget(of), 'shop/payments:8080');
  t.equal(formatTarget({ ...of, service: undefined }), 'shop/payments');
  const outside = { namespace: '', workload: '', identity: '' };
  t.equal(formatTarget({ ...of, service: undefined, destination: outside }), '10.96.0.12:8080');
});
