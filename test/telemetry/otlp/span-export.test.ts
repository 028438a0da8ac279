import { createServer } from 'node:net';
import { test } from 'tap';
import { silentLogger, systemClock } from '../../../src/base/index.ts';
import { createSpanExport, type EndedSpan } from '../../../src/telemetry/index.ts';
import { startGrpcReceiver, startHttpReceiver } from '../../support/otlp/receiver.ts';

const SPAN: EndedSpan = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  parentId: '00f067aa0ba902b7',
  name: 'GET cart.shop.svc.cluster.local',
  kind: 'server',
  startMs: 1_700_000_000_123.5,
  durationMs: 12.25,
  failed: true,
  attributes: { 'http.response.status_code': 503, 'nodemesh.route': 'shop/cart', retried: true },
};

function exportTo(endpoint: string, protocol: 'grpc' | 'http', headers = {}) {
  return createSpanExport({
    config: { endpoint, protocol, headers },
    resource: { 'service.name': 'nodemesh-test' },
    clock: systemClock,
    log: silentLogger,
  });
}

for (const [protocol, start] of [
  ['grpc', startGrpcReceiver],
  ['http', startHttpReceiver],
] as const) {
  test(`a collector gets spans as they were, over ${protocol}, with the headers`, async (t) => {
    const receiver = await start();
    t.teardown(() => receiver.close());
    const spans = exportTo(receiver.endpoint, protocol, { authorization: 'Bearer secret' });
    spans.add(SPAN);
    spans.add({ ...SPAN, parentId: '', kind: 'client', failed: false });
    await spans.close();
    const [first, second] = receiver.spans;
    const { kind: _kind, startMs: _startMs, durationMs: _durationMs, ...same } = SPAN;
    t.match(first, { ...same, kind: 2, resource: { 'service.name': 'nodemesh-test' } });
    t.equal(Math.round(((first?.endMs ?? 0) - (first?.startMs ?? 0)) * 100) / 100, 12.25);
    t.equal(Math.round(first?.startMs ?? 0), 1_700_000_000_124);
    t.match(second, { parentId: '', kind: 3, failed: false });
    t.equal(receiver.headers.authorization, 'Bearer secret');
    t.same(spans.counts, { exported: 2, dropped: 0, failed: 0 });
  });

  test(`a collector that refuses costs the spans alone, over ${protocol}`, async (t) => {
    const receiver = await start();
    t.teardown(() => receiver.close());
    receiver.mode = 'refuse';
    const spans = exportTo(receiver.endpoint, protocol);
    spans.add(SPAN);
    await spans.close();
    t.same(spans.counts, { exported: 0, dropped: 0, failed: 1 });
  });
}

test('a collector that talks nonsense costs the spans alone', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end('\u0000\u0001nonsense\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  for (const protocol of ['grpc', 'http'] as const) {
    const spans = exportTo(`http://127.0.0.1:${port}`, protocol);
    spans.add(SPAN);
    await spans.close();
    t.equal(spans.counts.exported, 0, protocol);
    spans.destroy();
  }
});
