import { test } from 'tap';
import { MeshError, systemClock } from '../../src/base/index.ts';
import {
  type AccessLogSettings,
  NO_TELEMETRY,
  parseIpAddress,
  type TelemetrySettings,
} from '../../src/model/index.ts';
import {
  createProblems,
  createProxyTelemetry,
  telemetryConfig,
  type TelemetryOptions,
} from '../../src/proxy/index.ts';
import { createLogger, createRequestLog, type EndedSpan } from '../../src/telemetry/index.ts';

function proxy(options: TelemetryOptions = {}) {
  const lines: string[] = [];
  const spans: EndedSpan[] = [];
  const stream = { write: (line: string) => lines.push(line) };
  const log = createLogger({ stream });
  const telemetry = createProxyTelemetry(
    telemetryConfig(
      createProblems((message) => new MeshError({ code: 'ERR_X', blame: 'local', message })),
      options,
    ),
    {
      resource: {},
      sinks: [{ span: (span) => spans.push(span) }],
      clock: systemClock,
      log,
      lines: stream,
    },
  );
  return { telemetry, lines, spans, log };
}

const settings = (...accessLogs: readonly Partial<AccessLogSettings>[]): TelemetrySettings => ({
  ...NO_TELEMETRY,
  accessLogs: accessLogs.map((one) => ({
    provider: 'envoy',
    destination: { kind: 'log', format: undefined },
    filter: '',
    ...one,
  })),
});

/** The lines of one request under these settings. */
function told(
  of: TelemetrySettings | undefined,
  options: TelemetryOptions = {},
  status = 200,
): readonly string[] {
  const { telemetry, lines } = proxy(options);
  const log = createRequestLog(
    telemetry.accessOutput,
    telemetry.accessRules,
    () => telemetry.rulesOf(of).accessLogs,
  );
  log.ended({
    source: { address: parseIpAddress('10.0.0.1'), port: 4711 },
    ...{ sourceWorkload: undefined, sourceIdentity: undefined, service: undefined },
    ...{ backendService: undefined, upstream: undefined, protocol: 'HTTP/1.1', method: 'GET', host: 'cart' },
    ...{ path: '/a\nb', status, grpcStatus: undefined, requestBytes: 1, responseBytes: 2, durationMs: 3.4 },
    ...{ attempts: 1, route: undefined, routeRule: '', trace: undefined, reason: undefined },
    ...{ policy: undefined, rule: undefined, error: undefined },
    headers: () => ({ 'x-tenant': 'acme' }),
  });
  return lines;
}

test('where nothing is said the flags hold, and elsewhere what was said', async (t) => {
  t.equal(told(undefined).length, 1);
  t.equal(told(NO_TELEMETRY).length, 1);
  t.equal(told(undefined, { accessLog: 'none' }).length, 0);
  t.equal(told(settings({}), { accessLog: 'none' }).length, 1, 'an object turns it on');
  t.equal(told(settings()).length, 0, 'and off');
  t.equal(told(settings({ destination: { kind: 'own' } }), { accessLog: 'none' }).length, 0);
});

test('filters of objects and of flags must both be true', async (t) => {
  const failed = settings({ filter: 'response.code >= 500' });
  t.equal(told(failed).length, 0);
  t.equal(told(failed, {}, 503).length, 1);
  t.equal(told(failed, { accessLogFilter: ["request.method == 'PUT'"] }, 503).length, 0);
  t.match(told(failed, { accessLogField: ["tenant=request.headers['x-tenant']"] }, 503)[0], /tenant=acme/);
  t.match(
    told(settings({ filter: 'newer.thing' }))[0],
    /not written, because its filter is not understood/,
    'what only a newer version knows keeps the log silent',
  );
});

test('lines in a format of somebody’s own, in one line whatever stands in it', async (t) => {
  const pieces = [
    { text: 'x ' },
    { expression: 'request.path', maxLength: undefined },
    { text: ' ' },
    { expression: 'request.method', maxLength: 2 },
    { text: ' ' },
    { expression: 'response.grpc_status', maxLength: undefined },
  ];
  t.same(told(settings({ destination: { kind: 'log', format: { kind: 'text', pieces } } })), [
    'x /a b GE -\n',
  ]);
  const fields = [
    { name: 'code', pieces: [{ expression: 'response.code', maxLength: undefined }] },
    { name: 'none', pieces: [{ expression: 'response.grpc_status', maxLength: undefined }] },
    { name: 'both', pieces: pieces.slice(0, 1) },
    { name: 'at', pieces: [{ time: 'start' as const }] },
  ];
  const [line = ''] = told(settings({ destination: { kind: 'log', format: { kind: 'json', fields } } }));
  t.match(JSON.parse(line), { code: 200, none: null, both: 'x ', at: /^\d{4}-.*Z$/ });
});

test('the ratio, the tags, and whether spans are told', async (t) => {
  const { telemetry, spans } = proxy({ traceSampling: '0' });
  const span = {
    ...{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), parentId: '', name: 'n', kind: 'server' as const },
    ...{ startMs: 0, durationMs: 1, failed: false, attributes: { mine: 1 } },
  };
  const rulesOf = (tracing: Partial<TelemetrySettings['tracing']>) =>
    telemetry.rulesOf({ ...NO_TELEMETRY, tracing: { ...NO_TELEMETRY.tracing, ...tracing } }).tracing;
  t.equal(rulesOf({}), undefined);
  t.equal(telemetry.tracer.begin(undefined).sampled, false);
  const all = rulesOf({ ratio: 1 });
  t.equal(telemetry.tracer.begin(undefined, undefined, all).sampled, true);
  const tagged = rulesOf({
    tags: [
      { name: 'team', kind: 'literal', value: 'red' },
      { name: 'user', kind: 'header', header: 'x-user', fallback: 'nobody' },
      { name: 'none', kind: 'header', header: 'x-none', fallback: '' },
    ],
  });
  telemetry.tracer.ended(span, tagged, (name) => (name === 'x-user' ? 'eve' : undefined));
  telemetry.tracer.ended(span, tagged);
  telemetry.tracer.ended(span, rulesOf({ isReported: false }));
  t.same(
    spans.map(({ attributes }) => attributes),
    [
      { mine: 1, team: 'red', user: 'eve' },
      { mine: 1, team: 'red', user: 'nobody' },
    ],
  );
});

test('settings that say the same are compiled once', async (t) => {
  const { telemetry } = proxy();
  const one = settings({ filter: 'connection.failed' });
  t.equal(telemetry.rulesOf(one), telemetry.rulesOf(structuredClone(one)));
  t.not(telemetry.rulesOf(one), telemetry.rulesOf(settings({})));
});

test('collectors are bounded in number, and what they took stays counted', async (t) => {
  const { telemetry } = proxy();
  for (let port = 1; port <= 40; port++)
    telemetry.rulesOf({
      ...NO_TELEMETRY,
      tracing: {
        ...NO_TELEMETRY.tracing,
        collector: { endpoint: `http://127.0.0.1:${port}`, protocol: 'grpc', headers: [] },
      },
    });
  t.equal(telemetry.exported.filter(([signal]) => signal === 'spans').length, 17);
  await telemetry.close();
});
