import fc from 'fast-check';
import { TELEMETRY_METRICS, type TelemetrySettings } from '../../../src/model/index.ts';

const text = fc.string({ maxLength: 12, unit: 'grapheme' });
const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/);
const flag = fc.boolean();
const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { maxLength: 3 });

const collector = fc.record({
  endpoint: text,
  protocol: fc.constantFrom('grpc' as const, 'http' as const),
  headers: some(fc.tuple(text, text)),
});
const pieces = some(
  fc.oneof(
    fc.record({ text }),
    fc.constant({ time: 'start' as const }),
    fc.record({
      expression: text,
      maxLength: fc.option(fc.integer({ min: 1, max: 999 }), { nil: undefined }),
    }),
  ),
);
const format = fc.oneof(
  fc.record({ kind: fc.constant('text' as const), pieces }),
  fc.record({ kind: fc.constant('json' as const), fields: some(fc.record({ name: text, pieces })) }),
);
const destination = fc.oneof(
  fc.constant({ kind: 'own' as const }),
  fc.record({ kind: fc.constant('log' as const), format: fc.option(format, { nil: undefined }) }),
  fc.record({ kind: fc.constant('otlp' as const), collector }),
);

export const telemetrySettings: fc.Arbitrary<TelemetrySettings> = fc.record({
  accessLogs: fc.option(some(fc.record({ provider: text, filter: text, destination })), { nil: undefined }),
  tracing: fc.record({
    ratio: fc.option(
      fc.double({ min: 0, max: 1, noNaN: true }).map((ratio) => ratio + 0),
      { nil: undefined },
    ),
    isReported: flag,
    collector: fc.option(collector, { nil: undefined }),
    tags: some(
      fc.oneof(
        fc.record({ name, kind: fc.constant('literal' as const), value: text }),
        fc.record({ name, kind: fc.constant('header' as const), header: name, fallback: text }),
      ),
    ),
  }),
  metrics: some(
    fc.record({
      metric: fc.constantFrom(...TELEMETRY_METRICS),
      isDisabled: flag,
      labels: some(fc.record({ label: text, value: fc.option(text, { nil: undefined }) })),
    }),
  ),
});
