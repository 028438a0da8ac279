import { test } from 'tap';
import { expiringRows, expiringTable } from '../../../src/cli/observe/expiring.ts';
import { nodemesh } from '../../lab/support/lab-fixture.ts';
import { certificate, NOW_MS } from './support/answers.ts';
import { startApiServer } from './support/api-server.ts';

const DAY_MS = 86_400_000;

test('roots and intermediates are listed once, whoever tells of them, the first to expire first', async (t) => {
  const rows = expiringRows(
    [
      certificate('intermediate', 'CN=ca 1', '0b', 200),
      certificate('root', 'CN=old', '0a', -1),
      certificate('root', 'CN=old', '0a', -1, 'ztunnel/node-2'),
      certificate('workload', 'spiffe://a/ns/b/sa/c', '0c', 0.5),
    ],
    { withinMs: 30 * DAY_MS, svid: false, nowMs: NOW_MS },
  );
  t.equal(
    expiringTable(rows, { wide: false, width: undefined }),
    [
      'KIND          NAME     SERIAL  STATE      NOT AFTER                       LEFT  EXPIRING  PROXIES',
      'root          CN=old   0a      available  2026-02-28T12:00:00  expired 24h ago  yes       ztunnel/node-1,ztunnel/node-2',
      'intermediate  CN=ca 1  0b      available  2026-09-17T12:00:00             200d  no        ztunnel/node-1',
      '',
    ].join('\n'),
  );
});

test('certificates exits with 1 when one expires within the time, and when none is known', async (t) => {
  const far = { '/api/v1/certificates': { certificates: [soon('root', 100), soon('workload', 1)] } };
  const api = await startApiServer(t, far);
  const run = (...args: readonly string[]): ReturnType<typeof nodemesh> =>
    nodemesh(['certificates', '--address', api.url, ...args]);
  t.equal((await run('--expiring', '30d')).code, 0);
  const late = await run('--expiring', '101d');
  t.equal(late.code, 1);
  t.match(late.stderr, /1 of 1 expire within 101d: docs\/rotate-the-root.md .* nodemesh lab rotate-root/);
  t.equal((await run('--expiring', '1h', '--svid')).code, 0);
  const svid = await run('--expiring', '2d', '--svid', '-o', 'json');
  t.equal(svid.code, 1);
  t.match(JSON.parse(svid.stdout), [{ kind: 'workload', expiring: true }]);
  const none = await startApiServer(t, { '/api/v1/certificates': { certificates: [] } });
  t.equal((await nodemesh(['certificates', '--address', none.url, '--expiring', '1d'])).code, 1);
});

test('--svid without --expiring is refused', async (t) => {
  const { code, stderr } = await nodemesh(['certificates', '--svid']);
  t.equal(code, 1);
  t.match(stderr, /--svid: expected --expiring beside it/);
});

function soon(kind: 'root' | 'workload', days: number): ReturnType<typeof certificate> {
  return { ...certificate(kind, 'x', '1', 0), notAfterMs: Date.now() + days * DAY_MS };
}
