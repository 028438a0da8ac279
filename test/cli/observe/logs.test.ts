import { PassThrough } from 'node:stream';
import { test } from 'tap';
import { type AccessLine, filteredLine, REFUSALS } from '../../../src/cli/observe/logs/access-line.ts';
import { parseLogLine } from '../../../src/cli/observe/logs/log-line.ts';
import { type LogSource, logSources, readAccessLines } from '../../../src/cli/observe/logs/log-sources.ts';
import { VERDICTS as OF_WAYPOINTS } from '../../../src/waypoint/observation/verdicts.ts';
import { VERDICTS as OF_ZTUNNELS } from '../../../src/ztunnel/response-flags.ts';
import { createLogger } from '../../../src/telemetry/index.ts';
import type { RunningMesh } from '../../../src/cli/running-mesh/index.ts';

const FIELDS = {
  'src.workload': 'shopper-1',
  'dst.service': 'payments.shop.svc.cluster.local',
  error: new Error('no rule "allows" it = refused'),
  status: 403,
  method: 'GET',
  path: '/a b',
};

function written(format: 'text' | 'json'): string {
  const lines: string[] = [];
  const log = createLogger({ format, stream: { write: (line) => lines.push(line) } });
  log.child({ target: 'access' }).warn('request failed', FIELDS);
  return lines.join('').trimEnd();
}

test('a line is read as it was written, whichever the format', async (t) => {
  for (const format of ['text', 'json'] as const) {
    const line = parseLogLine(written(format));
    t.match(line, {
      level: 'warn',
      target: 'access',
      message: 'request failed',
      fields: {
        'src.workload': 'shopper-1',
        error: 'no rule "allows" it = refused',
        status: '403',
        path: '/a b',
      },
    });
    t.ok(Math.abs((line?.atMs ?? 0) - Date.now()) < 60_000);
  }
});

test('what is no line of a log is left out', async (t) => {
  for (const line of ['', '    at main (file.ts:1:2)', '{', '{"time":1}', '[]', 'a\tb\tc\td'])
    t.equal(parseLogLine(line), undefined, JSON.stringify(line));
});

test('the end of a line says what became of the request', async (t) => {
  const verdictOf = (fields: Readonly<Record<string, string>>, level = 'info'): string =>
    filteredLine({ atMs: 0, level, target: 'access', message: '', fields, proxy: '' }).verdict;
  t.equal(verdictOf({ status: '200' }), 'allowed');
  t.equal(verdictOf({ status: '503' }), 'failed');
  t.equal(verdictOf({ error: 'connection reset' }, 'error'), 'failed');
  t.equal(verdictOf({ error: 'no', 'error.code': 'ERR_WAYPOINT_DENIED', status: '403' }, 'warn'), 'refused');
  t.equal(verdictOf({ reason: 'authorizer_denied', status: '403' }), 'refused');
  t.same(REFUSALS, new Set([...OF_ZTUNNELS, ...OF_WAYPOINTS]));
});

const SOURCE: LogSource = { proxy: 'ztunnel/node-1', owner: { kind: 'ztunnel', node: 'node-1' } };

test('of a log only the lines about connections and requests are read', async (t) => {
  const stream = new PassThrough();
  const lines: AccessLine[] = [];
  const read = readAccessLines(stream, SOURCE, (line) => lines.push(line));
  stream.end(`2026-03-01T12:00:00.000Z\tinfo\txds\tconnected\n${written('text')}\nnonsense\n`);
  await read;
  t.match(lines, [{ proxy: 'ztunnel/node-1', message: 'request failed' }]);
  t.equal(lines.length, 1);
});

test('proxies are named by kind, node or waypoint, and one that there is not is refused', async (t) => {
  const named = (name: string, labels: Readonly<Record<string, string>>, spec: object = {}): object => ({
    metadata: { name, namespace: 'shop', labels },
    spec,
  });
  const objects: Readonly<Record<string, readonly object[]>> = {
    Gateway: [named('waypoint', {}, { gatewayClassName: 'nodemesh-waypoint' })],
    Pod: [named('waypoint-1', { 'gateway.networking.k8s.io/gateway-name': 'waypoint' }), named('cart-1', {})],
  };
  const mesh = {
    nodes: async () => ['node-1'],
    objects: async (kind: string) => objects[kind] ?? [],
  } as unknown as RunningMesh;
  const names = async (...wanted: readonly string[]): Promise<readonly string[]> =>
    (await logSources(mesh, wanted)).map(({ proxy }) => proxy);
  t.same(await names(), ['ztunnel/node-1', 'waypoint/shop/waypoint-1']);
  t.same(await names('waypoint/shop/waypoint'), ['waypoint/shop/waypoint-1']);
  t.same(await names('ztunnel'), ['ztunnel/node-1']);
  await t.rejects(names('ztunnel/node-2'), {
    code: 'ERR_CLI_OPTION',
    hint: 'its proxies: ztunnel/node-1, waypoint/shop/waypoint-1',
  });
});
