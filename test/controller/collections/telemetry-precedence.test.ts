import { test } from 'tap';
import type { TelemetrySettings } from '../../../src/model/index.ts';
import { meshConfig, ROOT, telemetry, telemetryMesh } from '../support/telemetry-mesh.ts';

const logging = (...entries: readonly object[]) => ({ accessLogging: entries });
const tracing = (...entries: readonly object[]) => ({ tracing: entries });
const by = (...names: readonly string[]) => ({ providers: names.map((name) => ({ name })) });
const PROVIDERS = meshConfig({
  extensionProviders: [
    { name: 'otel', opentelemetry: { service: 'otel.watch.svc.domain.suffix', port: 4317 } },
    {
      name: 'otel-http',
      opentelemetry: { service: 'collector.example', port: 4318, http: { path: '/v1/traces' } },
    },
    { name: 'otel-logs', envoyOtelAls: { service: 'otel.watch.svc.domain.suffix', port: 4317 } },
    { name: 'file', envoyFileAccessLog: { path: '/dev/stdout' } },
    { name: 'zip', zipkin: { service: 'zipkin.watch', port: 9411 } },
  ],
});

/** Who logs with which filter; undefined: as the flags say. */
function logs(settings: TelemetrySettings | undefined): string | undefined {
  return settings?.accessLogs
    ?.map(({ provider, filter }) => `${provider}${filter && ` if ${filter}`}`)
    .join(', ');
}

test('access logs: the narrower object beats the wider, and inherits what it does not say', async (t) => {
  const cases: readonly (readonly [
    name: string,
    objects: readonly Parameters<typeof telemetry>[],
    expected: string | undefined,
  ])[] = [
    ['nothing is said', [], undefined],
    ['the mesh', [[ROOT, logging(by('envoy'))]], 'envoy'],
    [
      'the namespace adds a filter',
      [
        [ROOT, logging(by('envoy'))],
        ['shop', logging({ filter: { expression: 'connection.failed' } })],
      ],
      'envoy if connection.failed',
    ],
    [
      'a filter is inherited',
      [
        [ROOT, logging({ ...by('envoy'), filter: { expression: 'connection.failed' } })],
        ['shop', logging({ disabled: false })],
      ],
      'envoy if connection.failed',
    ],
    [
      'the namespace turns it off',
      [
        [ROOT, logging(by('envoy'))],
        ['shop', logging({ disabled: true })],
      ],
      '',
    ],
    [
      'the pod turns it on again',
      [
        [ROOT, logging(by('envoy'))],
        ['shop', logging({ disabled: true })],
        [
          'shop',
          { selector: { matchLabels: { app: 'web' } }, ...logging({ disabled: false }) },
          { name: 'web' },
        ],
      ],
      'envoy',
    ],
    [
      'providers take the place of others',
      [
        [ROOT, logging(by('envoy'))],
        ['shop', logging(by('file', 'otel-logs'))],
      ],
      'file, otel-logs',
    ],
    [
      'the mesh says no, the namespace yes',
      [
        [ROOT, logging({ disabled: true })],
        ['shop', logging(by('envoy'))],
      ],
      'envoy',
    ],
    ['no provider: those that hold', [[ROOT, logging({ disabled: true })]], ''],
    [
      'the flags’ own, filtered',
      [['shop', logging({ filter: { expression: 'connection.failed' } })]],
      'flags if connection.failed',
    ],
    ['another namespace’s object', [['pay', logging({ disabled: true })]], undefined],
    [
      'an object that selects others',
      [['shop', { selector: { matchLabels: { app: 'db' } }, ...logging({ disabled: true }) }]],
      undefined,
    ],
    [
      'the oldest counts',
      [
        ['shop', logging(by('file')), { name: 'b', creationTimestamp: '2030-01-01T00:00:00Z' }],
        ['shop', logging({ disabled: true }), { name: 'a', creationTimestamp: '2031-01-01T00:00:00Z' }],
      ],
      'file',
    ],
    [
      'a provider that nobody knows is passed over',
      [
        [ROOT, logging(by('envoy'))],
        ['shop', logging(by('nobody'))],
      ],
      'envoy',
    ],
    ['one that is for traces too', [['shop', logging(by('otel'))]], undefined],
    [
      'a filter that is none is passed over',
      [
        [ROOT, logging(by('envoy'))],
        ['shop', logging({ ...by('file'), filter: { expression: 'response.' } })],
      ],
      'envoy',
    ],
    [
      'a filter that could never be true too',
      [['shop', logging({ ...by('file'), filter: { expression: 'response.flags > 0' } })]],
      undefined,
    ],
    ['an object with a fault has no effect', [['shop', logging({ disabled: 'yes' })]], undefined],
  ];
  for (const [name, objects, expected] of cases) {
    const mesh = telemetryMesh(PROVIDERS, ...objects.map((one) => telemetry(...one)));
    t.equal(logs(mesh.pod('shop', 'web')?.client), expected, name);
    t.equal(logs(mesh.pod('shop', 'web')?.server), expected, `${name}, of a server`);
  }
});

test('a mode says whose side an entry is about', async (t) => {
  const mesh = telemetryMesh(
    telemetry('shop', {
      ...logging(
        { match: { mode: 'CLIENT' }, disabled: true },
        { match: { mode: 'SERVER' }, ...by('envoy') },
      ),
      ...tracing({ match: { mode: 'CLIENT' }, randomSamplingPercentage: 50 }),
    }),
  );
  t.equal(logs(mesh.pod('shop', 'web')?.client), '');
  t.equal(logs(mesh.pod('shop', 'web')?.server), 'envoy');
  t.equal(mesh.pod('shop', 'web')?.client.tracing.ratio, 0.5);
  t.equal(mesh.pod('shop', 'web')?.server.tracing.ratio, undefined);
  t.equal(logs(mesh.waypoint()?.settings), 'envoy', 'a waypoint is on the server’s side');
  t.equal(mesh.pod('pay', 'web'), undefined, 'of others nothing is said');
});

test('MeshConfig is the widest of all', async (t) => {
  const cases: readonly (readonly [object, string | undefined])[] = [
    [{ accessLogFile: '/dev/stdout' }, 'envoy'],
    [{ accessLogFile: '' }, ''],
    [
      {
        defaultProviders: { accessLogging: ['file'] },
        extensionProviders: [{ name: 'file', envoyFileAccessLog: { path: '/dev/stdout' } }],
      },
      'file',
    ],
    [{ defaultProviders: { accessLogging: ['nobody'] } }, undefined],
    [{ enableTracing: true }, undefined],
  ];
  for (const [config, expected] of cases)
    t.equal(
      logs(telemetryMesh(meshConfig({ ...config })).pod('shop', 'web')?.client),
      expected,
      JSON.stringify(config),
    );

  const sampled = telemetryMesh(meshConfig({ defaultConfig: { tracing: { sampling: 10 } } }));
  t.equal(sampled.pod('shop', 'web')?.client.tracing.ratio, 0.1);
  sampled.apply(telemetry('shop', tracing({ randomSamplingPercentage: 0 })));
  t.equal(sampled.pod('shop', 'web')?.client.tracing.ratio, 0, 'nothing is something else than not said');
  t.equal(sampled.pod('pay', 'web')?.client.tracing.ratio, 0.1);

  const off = telemetryMesh(
    meshConfig({
      enableTracing: false,
      extensionProviders: [{ name: 'otel', opentelemetry: { service: 'otel.watch', port: 4317 } }],
    }),
  );
  t.equal(off.pod('shop', 'web')?.client.tracing.isReported, false);
  off.apply(telemetry('shop', tracing(by('otel'))));
  t.equal(off.pod('shop', 'web')?.client.tracing.isReported, true, 'who names a provider wants spans');
  t.equal(off.pod('pay', 'web')?.client.tracing.isReported, false);
});

test('tracing: each field is inherited by itself', async (t) => {
  const mesh = telemetryMesh(
    PROVIDERS,
    telemetry(
      ROOT,
      tracing({
        ...by('otel'),
        randomSamplingPercentage: 20,
        customTags: { team: { literal: { value: 'a' } } },
      }),
    ),
    telemetry(
      'shop',
      tracing({ customTags: { user: { header: { name: 'X-User', defaultValue: 'nobody' } } } }),
    ),
    telemetry(
      'shop',
      { selector: { matchLabels: { app: 'db' } }, ...tracing({ disableSpanReporting: true }) },
      { name: 'db' },
    ),
  );
  t.same(mesh.pod('shop', 'web')?.client.tracing, {
    ratio: 0.2,
    isReported: true,
    collector: { endpoint: 'http://10.96.0.9:4317', protocol: 'grpc', headers: [] },
    tags: [{ name: 'user', kind: 'header', header: 'x-user', fallback: 'nobody' }],
  });
  t.equal(mesh.pod('shop', 'db')?.client.tracing.isReported, false);
  t.equal(mesh.pod('shop', 'db')?.client.tracing.ratio, 0.2);
  mesh.apply(telemetry('shop', tracing(by('otel-http'))));
  t.match(mesh.pod('shop', 'web')?.client.tracing.collector, {
    endpoint: 'http://collector.example:4318',
    protocol: 'http',
  });
  mesh.apply(telemetry('shop', tracing({ ...by('zip'), randomSamplingPercentage: 1 })));
  t.match(mesh.pod('shop', 'web')?.client.tracing, { ratio: 0.01, collector: { endpoint: /10\.96\.0\.9/ } });
});

test('metrics: disabled, tags taken away, set to a text, and given back', async (t) => {
  const override = (metric: string, more: object) => ({ match: { metric }, ...more });
  const metrics = (...overrides: readonly object[]) => ({ metrics: [{ ...by('prometheus'), overrides }] });
  const mesh = telemetryMesh(
    telemetry(
      ROOT,
      metrics(
        override('REQUEST_SIZE', { disabled: true }),
        override('ALL_METRICS', { tagOverrides: { source_app: { operation: 'REMOVE' } } }),
      ),
    ),
    telemetry(
      'shop',
      metrics(
        override('REQUEST_SIZE', { disabled: false }),
        override('TCP_SENT_BYTES', {
          tagOverrides: { team: { value: "'blue'" }, host: { value: 'request.host' } },
        }),
      ),
    ),
  );
  const settings = mesh.pod('shop', 'web')?.server.metrics ?? [];
  t.equal(settings.length, 8);
  t.match(
    settings.find(({ metric }) => metric === 'REQUEST_SIZE'),
    { isDisabled: false },
  );
  t.same(settings.find(({ metric }) => metric === 'TCP_SENT_BYTES')?.labels, [
    { label: 'source_app', value: undefined },
    { label: 'team', value: 'blue' },
  ]);
  t.match(
    mesh.pod('pay', 'web')?.server.metrics.find(({ metric }) => metric === 'REQUEST_SIZE'),
    { isDisabled: true },
  );
  t.match(mesh.condition('shop/default'), {
    status: 'True',
    reason: 'PartiallyInvalid',
    message: /to what is different each time: host/,
  });
});

test('targetRefs: a Gateway, then a Service, each with what the wider ones say', async (t) => {
  const target = (group: string, kind: string, name: string) => ({ targetRefs: [{ group, kind, name }] });
  const mesh = telemetryMesh(
    telemetry('shop', tracing({ randomSamplingPercentage: 5 })),
    telemetry(
      'shop',
      { ...target('gateway.networking.k8s.io', 'Gateway', 'waypoint'), ...logging(by('envoy')) },
      { name: 'gateway' },
    ),
    telemetry(
      'shop',
      {
        ...target('', 'Service', 'db'),
        ...logging({ disabled: true }),
        ...tracing({ randomSamplingPercentage: 100 }),
      },
      { name: 'db' },
    ),
    telemetry('shop', { ...target('', 'Service', 'none'), ...logging({ disabled: true }) }, { name: 'none' }),
  );
  const waypoint = mesh.waypoint();
  t.equal(logs(waypoint?.settings), 'envoy');
  t.equal(waypoint?.settings.tracing.ratio, 0.05);
  t.same(
    waypoint?.services.map(({ service, settings }) => [service, logs(settings), settings.tracing.ratio]),
    [['shop/db.shop.svc.domain.suffix', '', 1]],
  );
  t.equal(logs(mesh.pod('shop', 'db')?.server), undefined, 'node proxies see no Service');
  t.match(mesh.condition('shop/db'), { status: 'True', reason: 'Accepted' });
  t.match(mesh.condition('shop/none'), { status: 'False', reason: 'TargetNotFound' });
  mesh.collections.apply([{ type: 'delete', kind: 'Telemetry', key: 'shop/db' }]);
  t.same(mesh.waypoint()?.services, []);
});

test('a condition says what cannot be as it was written', async (t) => {
  const cases: readonly (readonly [object, string, RegExp])[] = [
    [logging(by('envoy')), 'Accepted', /^in force$/],
    [
      logging(by('nobody')),
      'PartiallyInvalid',
      /spec\.accessLogging\[0\]: MeshConfig has no provider called "nobody"/,
    ],
    [logging(by('otel')), 'PartiallyInvalid', /"otel" is for traces/],
    [tracing(by('zip')), 'PartiallyInvalid', /kind zipkin, which this mesh does not send to/],
    [tracing({ useRequestIdForTraceSampling: true }), 'PartiallyInvalid', /the trace decides over sampling/],
    [
      tracing({ customTags: { a: { environment: { name: 'HOME' } } } }),
      'PartiallyInvalid',
      /default value \(a\)/,
    ],
    [
      logging({ filter: { expression: 'xds.cluster_name == "a"' } }),
      'PartiallyInvalid',
      /filter cannot be followed: .*xds/,
    ],
    [
      logging({ filter: { expression: 'response.flags > 0' } }),
      'PartiallyInvalid',
      /records have no response\.flags/,
    ],
    [
      {
        metrics: [
          { reportingInterval: '5s', overrides: [{ match: { customMetric: 'my_own' }, disabled: true }] },
        ],
      },
      'PartiallyInvalid',
      /reportingInterval.*there is no metric my_own/,
    ],
    [
      tracing({ randomSamplingPercentage: 101 }),
      'Invalid',
      /randomSamplingPercentage: expected a number from 0 to 100, got 101/,
    ],
  ];
  for (const [spec, reason, message] of cases) {
    const mesh = telemetryMesh(PROVIDERS, telemetry('shop', { ...spec }));
    t.match(mesh.condition('shop/default'), { reason, message }, JSON.stringify(spec));
  }
  const two = telemetryMesh(
    telemetry('shop', {}, { name: 'a', creationTimestamp: '2030-01-01T00:00:00Z' }),
    telemetry('shop', {}, { name: 'b', creationTimestamp: '2031-01-01T00:00:00Z' }),
  );
  t.match(two.condition('shop/b'), {
    status: 'False',
    reason: 'Conflicted',
    message: /Telemetry a is older/,
  });
  t.match(two.condition('shop/a'), { status: 'True' });
});
