import type { Clock } from '../../../base/index.ts';
import type { HttpRequest } from '../../../http/index.ts';
import {
  type IncomingTrace,
  readTrace,
  type SpanContext,
  type Tracer,
  type TraceRules,
  writeTrace,
} from '../../../telemetry/index.ts';
import type { TelemetryOf } from '../../observation/telemetry-lookup.ts';
import type { Layer } from '../../request/layer.ts';
import type { RequestClient } from '../../request/request-parties.ts';
import { requestSpan } from './request-span.ts';

/**
 * Passes the trace on with a span of the waypoint's own, in the form it came in (W3C, B3), and begins one where there was
 * none. Right without any exporter: what comes behind can always be put together with what came before.
 */
export function tracingLayer({
  tracer,
  clock,
  telemetryOf,
}: {
  readonly tracer: Tracer;
  readonly clock: Clock;
  /** Default: as the process's flags say. */
  readonly telemetryOf?: TelemetryOf;
}): Layer {
  const firstOf = createFirstRequests();
  return (next) => (request, context) => {
    const incoming = readTrace(request.headers);
    const rules = telemetryOf?.(context.dialled.service).tracing;
    const span = beginSpan(tracer, incoming, { rules, ofConnection: () => firstOf(context.client) });
    context.record.trace = span;
    if (span.sampled && rules?.sinks.length !== 0)
      context.onEnd(() =>
        tracer.ended(requestSpan(span, { request, context, endMs: clock.now() }), rules, (name) =>
          request.headers.get(name),
        ),
      );
    return next(withTrace(request, span, incoming), {
      ...context,
      trace: { span, formats: incoming.formats },
    });
  };
}

function beginSpan(
  tracer: Tracer,
  { parent, sampled }: IncomingTrace,
  {
    rules,
    ofConnection,
  }: { readonly rules: TraceRules | undefined; readonly ofConnection: () => RequestClient['trace'] },
): SpanContext {
  if (parent !== undefined || sampled !== undefined) return tracer.begin(parent, sampled, rules);
  return tracer.begin(ofConnection(), undefined, rules);
}

/**
 * The trace of a sampled connection goes on in its first request that has none of its own. Later ones begin traces of their
 * own: a connection may carry thousands, and they have nothing to do with one another.
 */
function createFirstRequests(): (client: RequestClient) => RequestClient['trace'] {
  const begun = new WeakSet<RequestClient>();
  return (client) => {
    if (client.trace?.sampled !== true || begun.has(client)) return undefined;
    begun.add(client);
    return client.trace;
  };
}

function withTrace(request: HttpRequest, span: SpanContext, incoming: IncomingTrace): HttpRequest {
  const headers = request.headers.clone();
  writeTrace(headers, span, incoming);
  return { ...request, headers };
}
