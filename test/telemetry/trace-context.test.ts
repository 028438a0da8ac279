import { test } from 'tap';
import { childSpan, readTrace, type TraceFormat, traceHeaders } from '../../src/telemetry/index.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

/** Header lookup over a plain object. */
function headers(fields: Readonly<Record<string, string>>): (name: string) => string | undefined {
  return (name) => fields[name];
}

test('a trace goes on in each form it came in, with a span of its own', async (t) => {
  const forms: readonly (readonly [TraceFormat, Readonly<Record<string, string>>])[] = [
    ['w3c', { traceparent: `00-${TRACE}-${SPAN}-01` }],
    ['b3-single', { b3: `${TRACE}-${SPAN}-1` }],
    ['b3-multi', { 'x-b3-traceid': TRACE, 'x-b3-spanid': SPAN, 'x-b3-sampled': '1' }],
  ];
  for (const [format, fields] of forms) {
    const incoming = readTrace(headers(fields));
    t.same(incoming?.formats, [format]);
    t.same(incoming?.context, { traceId: TRACE, spanId: SPAN, sampled: true });
    const span = childSpan(incoming?.context);
    t.equal(span.traceId, TRACE);
    t.not(span.spanId, SPAN);
    const passed = Object.fromEntries(traceHeaders(span, [format], SPAN));
    t.same(readTrace(headers(passed))?.context, span, `${format} is read back`);
  }
});

test('a request without a trace begins one that nobody has decided to sample', async (t) => {
  t.equal(readTrace(headers({})), undefined);
  const span = childSpan(undefined);
  t.match(span.traceId, /^[0-9a-f]{32}$/);
  t.equal(span.sampled, undefined);
  t.same(traceHeaders(span, ['w3c'], undefined), [['traceparent', `00-${span.traceId}-${span.spanId}-00`]]);
});

test('what is malformed is as if it were not there', async (t) => {
  for (const traceparent of [
    '',
    'x',
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    'a'.repeat(10_000),
  ])
    t.equal(readTrace(headers({ traceparent })), undefined, traceparent.slice(0, 60));
  t.equal(readTrace(headers({ b3: `${TRACE}-${SPAN}-7` })), undefined);
  t.equal(readTrace(headers({ 'x-b3-traceid': TRACE })), undefined);
});

test('a B3 trace id of 16 digits is filled up', async (t) => {
  t.equal(readTrace(headers({ b3: `${SPAN}-${SPAN}` }))?.context.traceId, `${'0'.repeat(16)}${SPAN}`);
});
