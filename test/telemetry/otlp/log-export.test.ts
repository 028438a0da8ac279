import { test } from 'tap';
import { MeshError, silentLogger, systemClock } from '../../../src/base/index.ts';
import { createLogExport, exportOutput } from '../../../src/telemetry/index.ts';
import { startGrpcReceiver, startHttpReceiver } from '../../support/otlp/receiver.ts';

for (const [protocol, start] of [
  ['grpc', startGrpcReceiver],
  ['http', startHttpReceiver],
] as const) {
  test(`a collector gets the records of an access log, over ${protocol}`, async (t) => {
    const receiver = await start();
    t.teardown(() => receiver.close());
    const lines = createLogExport({
      config: { endpoint: receiver.endpoint, protocol, headers: {} },
      resource: { 'service.name': 'nodemesh-test' },
      clock: systemClock,
      log: silentLogger,
    });
    exportOutput(lines, { ...systemClock, now: () => 1_700_000_000_500 }).write({
      level: 'warn',
      message: 'request failed',
      fields: {
        status: 503,
        path: '/items',
        route: undefined,
        error: new MeshError({ code: 'ERR_X', blame: 'upstream', message: 'gone' }),
      },
      trace: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true },
    });
    await lines.close();
    t.same(receiver.logs, [
      {
        timeMs: 1_700_000_000_500,
        severity: 'WARN',
        body: 'request failed',
        traceId: 'a'.repeat(32),
        spanId: 'b'.repeat(16),
        attributes: { status: 503, path: '/items', error: 'gone', 'error.code': 'ERR_X' },
        resource: { 'service.name': 'nodemesh-test' },
      },
    ]);
    t.same(lines.counts, { exported: 1, dropped: 0, failed: 0 });
  });
}
