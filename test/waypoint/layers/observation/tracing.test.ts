import { test } from 'tap';
import { createTracer, type EndedSpan } from '../../../../src/telemetry/index.ts';
import { tracingLayer } from '../../../../src/waypoint/layers/observation/tracing.ts';
import { tryTracingLayer } from '../../../../src/waypoint/layers/observation/try-tracing.ts';
import { compose, type Layer } from '../../../../src/waypoint/request/layer.ts';
import type { RequestContext } from '../../../../src/waypoint/request/request-context.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';
import {
  type Fields,
  fieldsOf,
  makeContext,
  makeRequest,
  makeResponse,
  recordingHandler,
} from '../../request-fixtures.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

/** Sends once more whatever was not answered with 200. */
const again: Layer = (next) => async (request, context) => {
  const response = await next(request, context).catch(() => makeResponse(500));
  return response.status === 200 ? response : next(request, { ...context, attempt: 2 });
};

function world({ ratio = 1, statuses = [200] }: { ratio?: number; statuses?: readonly number[] } = {}) {
  const spans: EndedSpan[] = [];
  const clock = createFakeClock();
  const tracer = createTracer({ ratio, sinks: [{ span: (span) => spans.push(span) }] });
  const backend = recordingHandler((_call, index) => {
    const status = statuses[index] ?? 200;
    if (status === 0) throw new Error('not reached');
    return makeResponse(status);
  });
  const handler = compose(
    [tracingLayer({ tracer, clock }), again, tryTracingLayer({ tracer, clock })],
    backend,
  );
  return {
    spans,
    backend,
    async send(headers: Fields = {}, over: Partial<RequestContext> = {}) {
      const listeners: (() => void)[] = [];
      const context = makeContext({}, { onEnd: (listener) => listeners.push(listener), ...over });
      const response = await handler(makeRequest({ headers }), context);
      context.record.status = response.status;
      for (const listener of listeners) listener();
      return context;
    },
    /** What backends were told, one for each try. */
    told: () => backend.calls.map(({ request }) => fieldsOf(request.headers)),
  };
}

test('each try is a span below the request, and its backend is told of it', async (t) => {
  const { spans, send, told } = world({ statuses: [503, 200] });
  await send({ traceparent: `00-${TRACE}-${SPAN}-01`, tracestate: 'foo=1' });
  const [first, second, request] = spans;
  t.match(request, { traceId: TRACE, parentId: SPAN, kind: 'server', failed: false });
  t.match(first, { traceId: TRACE, parentId: request?.spanId, kind: 'client', failed: true });
  t.match(second, { parentId: request?.spanId, attributes: { 'http.request.resend_count': 1 } });
  t.same(
    told().map(({ traceparent }) => traceparent),
    [first, second].map((span) => `00-${TRACE}-${span?.spanId}-01`),
  );
  t.same(told()[1]?.tracestate, 'foo=1');
});

test('a try that nobody answered is a span that failed, with its error', async (t) => {
  const { spans, send } = world({ statuses: [0, 200] });
  await send();
  t.match(spans[0], { failed: true, attributes: { 'error.message': /not reached/ } });
  t.equal(spans.length, 3);
});

test('what is not sampled is passed on with one span and told to nobody', async (t) => {
  const { spans, send, told } = world({ statuses: [503, 200] });
  const { record } = await send({ traceparent: `00-${TRACE}-${SPAN}-00` });
  t.same(spans, []);
  t.same(
    told().map(({ traceparent }) => traceparent),
    Array(2).fill(`00-${TRACE}-${record.trace?.spanId}-00`),
  );
});

test('a sampled connection’s trace goes on in its first request without one of its own', async (t) => {
  const { spans, send } = world({ ratio: 0 });
  const { client } = makeContext();
  const trace = { traceId: TRACE, spanId: SPAN, sampled: true };
  const sampled = { client: { ...client, trace } };
  await send({ traceparent: `00-${'1'.repeat(32)}-${SPAN}-00` }, sampled);
  t.same(spans, [], 'the request’s own wins');
  await send({}, sampled);
  t.match(spans.at(-1), { traceId: TRACE, parentId: SPAN });
  const before = spans.length;
  await send({}, sampled);
  t.equal(spans.length, before, 'the next one begins its own');
  await send({}, { client: { ...client, trace: { ...trace, sampled: false } } });
  t.equal(spans.length, before, 'one that is not sampled says nothing');
});

test('a span says nothing of the query, and names no method that its client made up', async (t) => {
  const { spans, backend } = world();
  const clock = createFakeClock();
  const tracer = createTracer({ ratio: 1, sinks: [{ span: (span) => spans.push(span) }] });
  const listeners: (() => void)[] = [];
  const context = makeContext({}, { onEnd: (listener) => listeners.push(listener) });
  const request = makeRequest({ method: 'BREW', target: '/pot?secret=1' });
  await compose([tracingLayer({ tracer, clock })], backend)(request, context);
  for (const listener of listeners) listener();
  t.match(spans[0], {
    name: /^_OTHER /,
    attributes: { 'url.path': '/pot', 'http.request.method': '_OTHER' },
  });
  t.notMatch(JSON.stringify(spans), /secret|BREW/);
});
