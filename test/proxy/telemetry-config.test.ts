import { test } from 'tap';
import { MeshError } from '../../src/base/index.ts';
import { createProblems, type TelemetryOptions, telemetryConfig } from '../../src/proxy/index.ts';

function resolve(options: TelemetryOptions) {
  const problems = createProblems(
    (message) => new MeshError({ code: 'ERR_TEST', blame: 'downstream', message }),
  );
  const config = telemetryConfig(problems, options);
  problems.throwIfAny();
  return config;
}

test('without a word one trace in a hundred is sampled, nothing is exported, and all is logged', async (t) => {
  t.same(resolve({}), {
    told: 'all',
    samplingRatio: 0.01,
    otlp: undefined,
    accessLog: { outputs: ['log'], filters: [], fields: [] },
  });
});

test('every option is read', async (t) => {
  t.same(
    resolve({
      telemetry: 'failures',
      traceSampling: '12.5%',
      otlpEndpoint: 'https://collector.example:4318/otlp',
      otlpProtocol: 'http',
      otlpHeadersFile: '/run/headers',
      accessLog: 'log,otlp',
      accessLogFilter: ['response.code >= 400'],
      accessLogField: ["tenant=request.headers['x=y']"],
    }),
    {
      told: 'failures',
      samplingRatio: 0.125,
      otlp: {
        endpoint: 'https://collector.example:4318/otlp',
        protocol: 'http',
        headersFile: '/run/headers',
      },
      accessLog: {
        outputs: ['log', 'otlp'],
        filters: ['response.code >= 400'],
        fields: [['tenant', "request.headers['x=y']"]],
      },
    },
  );
  t.same(resolve({ accessLog: 'none' }).accessLog.outputs, []);
  t.equal(resolve({ traceSampling: '1' }).samplingRatio, 1);
});

test('what is no good is named', async (t) => {
  for (const [options, expected] of [
    [{ telemetry: 'none' }, /--telemetry: expected all or failures/],
    [{ traceSampling: '101%' }, /--trace-sampling: expected a part such as 1%/],
    [{ traceSampling: '2' }, /--trace-sampling/],
    [{ otlpEndpoint: 'collector:4317' }, /--otlp-endpoint: expected a URL/],
    [{ otlpProtocol: 'udp' }, /--otlp-protocol: expected grpc or http/],
    [{ accessLog: 'file' }, /--access-log: expected log, otlp, log,otlp or none/],
    [{ accessLog: 'otlp' }, /--otlp-endpoint: expected a collector/],
    [{ accessLogFilter: ['response.code >'] }, /an expression of CEL.*Unexpected token/],
    [{ accessLogField: ['tenant'] }, /--access-log-field: expected name=expression/],
  ] as const)
    t.throws(() => resolve(options), { message: expected }, JSON.stringify(options));
});
