import { test } from 'tap';
import { createTracer, type EndedSpan } from '../../src/telemetry/index.ts';

const parent = (sampled: boolean | undefined) => ({
  traceId: 'f'.repeat(32),
  spanId: '1'.repeat(16),
  sampled,
});

test('what was decided before about sampling holds', async (t) => {
  const never = createTracer({ ratio: 0, sinks: [] });
  const always = createTracer({ ratio: 1, sinks: [] });
  t.equal(never.begin(parent(true)).sampled, true);
  t.equal(always.begin(parent(false)).sampled, false);
  t.equal(always.begin(parent(undefined)).sampled, true);
  t.equal(never.begin(parent(undefined)).sampled, false);
  t.equal(always.begin(undefined).sampled, true);
  t.equal(always.begin(undefined, false).sampled, false, 'also without a trace');
});

test('the ratio decides by the trace, and so alike everywhere', async (t) => {
  const one = createTracer({ ratio: 0.1, sinks: [] });
  const other = createTracer({ ratio: 0.1, sinks: [] });
  let sampled = 0;
  for (let count = 0; count < 10_000; count++) {
    const span = one.begin(undefined);
    if (span.sampled) sampled += 1;
    const again = other.begin({ ...span, sampled: undefined });
    if (again.sampled !== span.sampled) throw new Error('two opinions');
  }
  t.ok(sampled > 800 && sampled < 1_200, `${sampled} of 10,000`);
});

test('spans that are over reach every sink', async (t) => {
  const seen: string[] = [];
  const sink = { span: ({ name }: EndedSpan) => void seen.push(name) };
  const tracer = createTracer({ ratio: 1, sinks: [sink, sink] });
  tracer.ended({
    ...{ traceId: '', spanId: '', parentId: '', name: 'a', kind: 'server' },
    ...{ startMs: 0, durationMs: 1, failed: false, attributes: {} },
  });
  t.same(seen, ['a', 'a']);
});
