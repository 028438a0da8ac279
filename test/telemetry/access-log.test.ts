import { test } from 'tap';
import { MeshError } from '../../src/base/index.ts';
import { parseSpiffeId } from '../../src/model/index.ts';
import {
  type AccessLogOptions,
  type AccessRecord,
  compileAccessRules,
  createAccessLog,
  createLogger,
  logOutput,
} from '../../src/telemetry/index.ts';
import { ip, makeService, makeWorkload } from '../model/mesh-fixtures.ts';

const record: AccessRecord = {
  direction: 'inbound',
  source: { address: ip('10.0.0.9'), port: 40000 },
  sourceWorkload: makeWorkload({ name: 'frontend-1' }),
  sourceIdentity: parseSpiffeId('spiffe://cluster.local/ns/shop/sa/frontend'),
  destination: { address: ip('fd00::1'), port: 8080 },
  tunnel: { address: ip('fd00::1'), port: 15008 },
  destinationWorkload: makeWorkload({ name: 'cart-1' }),
  destinationIdentity: parseSpiffeId('spiffe://cluster.local/ns/shop/sa/cart'),
  service: makeService({ name: 'cart' }),
};

function lines(
  level: string,
  use: (log: ReturnType<typeof createAccessLog>) => void,
  options: AccessLogOptions = {},
): string[] {
  const written: string[] = [];
  use(
    createAccessLog(
      logOutput(
        createLogger({ level, stream: { write: (line) => written.push(line) }, clock: { now: () => 0 } }),
      ),
      options,
    ),
  );
  return written;
}

test('a completed connection is one line with every field, in order', async (t) => {
  const [opened, complete] = lines('info', (log) => {
    log.opened(record);
    log.closed(record, { bytesSent: 5, bytesReceived: 7, durationMs: 12.4 });
  });
  const ends =
    'src.addr=10.0.0.9:40000 src.workload=frontend-1 src.namespace=shop ' +
    'src.identity=spiffe://cluster.local/ns/shop/sa/frontend src.cluster=Kubernetes dst.addr=[fd00::1]:8080 ' +
    'dst.hbone_addr=[fd00::1]:15008 dst.service=cart.shop.svc.cluster.local dst.workload=cart-1 dst.namespace=shop ' +
    'dst.identity=spiffe://cluster.local/ns/shop/sa/cart dst.cluster=Kubernetes direction=inbound';
  t.equal(opened, `1970-01-01T00:00:00.000Z\tinfo\taccess\tconnection opened\t${ends}\n`);
  t.equal(
    complete,
    `1970-01-01T00:00:00.000Z\tinfo\taccess\tconnection complete\t${ends} bytes_sent=5 bytes_recv=7 duration=12ms\n`,
  );
});

test('a refusal says why: error, code, hint, policy and rule', async (t) => {
  const error = new MeshError({
    code: 'ERR_DENIED',
    blame: 'downstream',
    message: 'explicitly denied by shop/deny',
    hint: 'ask',
  });
  const [line] = lines('info', (log) =>
    log.failed(record, {
      bytesSent: 0,
      bytesReceived: 0,
      durationMs: 0,
      error,
      reason: 'DENIED',
      policy: 'shop/deny',
      rule: 1,
    }),
  );
  t.match(line, /\twarn\taccess\tconnection failed\t/);
  t.match(
    line,
    /error="explicitly denied by shop\/deny" error\.code=ERR_DENIED error\.hint=ask reason=DENIED policy=shop\/deny rule=2\n$/,
  );
});

test('a connection that was cut is an error, and levels silence what is not wanted', async (t) => {
  const end = { bytesSent: 0, bytesReceived: 0, durationMs: 0 };
  const use = (log: ReturnType<typeof createAccessLog>): void => {
    log.opened(record);
    log.closed(record, end);
    log.closed(record, { ...end, error: new Error('reset') });
    log.failed({ direction: 'outbound', source: record.source }, end);
  };
  t.match(lines('info', use), [
    /opened/,
    /\tinfo\t.*complete/,
    /\terror\t.*complete.*error=reset/,
    /\twarn\t.*failed/,
  ]);
  t.equal(lines('info,access=warn', use).length, 2);
  t.equal(lines('error', use).length, 1);
});

test('a filter keeps what it is true of, and fields are added behind', async (t) => {
  const compiled = compileAccessRules({
    filters: ['connection.failed'],
    fields: [
      ['who', "source.principal + ' from ' + source.namespace"],
      ['nothing', 'source.nothing'],
    ],
  });
  if ('problems' in compiled) throw new Error(compiled.problems.join());
  const end = { bytesSent: 0, bytesReceived: 0, durationMs: 0 };
  const [line, ...others] = lines(
    'info',
    (log) => {
      log.opened(record);
      log.closed(record, end);
      log.failed(record, { ...end, error: new Error('refused') });
    },
    { rules: compiled.rules },
  );
  t.match(line, /error=refused who="spiffe:\/\/cluster.local\/ns\/shop\/sa\/frontend from shop"\n$/);
  t.same(others, []);
});

test('a span that somebody keeps is named', async (t) => {
  const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), parentId: '', sampled: true };
  const opened = (sampled: boolean): string =>
    lines('info', (log) => log.opened({ ...record, trace: { ...trace, sampled } })).join('');
  t.match(opened(true), /trace=a{32}/);
  t.notMatch(opened(false), /trace=/);
});

test('a workload may have its failures told alone, or nothing', async (t) => {
  const end = { bytesSent: 0, bytesReceived: 0, durationMs: 0 };
  const use = (log: ReturnType<typeof createAccessLog>): void => {
    log.opened(record);
    log.closed(record, end);
    log.closed(record, { ...end, error: new Error('reset') });
    log.failed(record, end);
  };
  const told = (scope: 'all' | 'failures' | 'none', of: string): number =>
    lines('info', use, { scopeOf: ({ name }) => (name === of ? scope : 'all') }).length;
  t.equal(told('none', 'cart-1'), 0);
  t.equal(told('failures', 'cart-1'), 2);
  t.equal(told('all', 'cart-1'), 4);
  t.equal(told('none', 'frontend-1'), 4, 'the other end has no say');
});
