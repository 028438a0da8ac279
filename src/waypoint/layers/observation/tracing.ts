import type { HttpRequest } from '../../../http/index.ts';
import { childSpan, readTrace, traceHeaders } from '../../../telemetry/index.ts';
import type { Layer } from '../../request/layer.ts';

/**
 * Passes the trace on with a span of the waypoint's own, in the form it came in (W3C, B3), and begins one where there was
 * none. Right without any exporter: what comes behind can always be put together with what came before.
 */
export function tracingLayer(): Layer {
  return (next) => (request, context) => {
    const incoming = readTrace((name) => request.headers.get(name));
    const span = childSpan(incoming?.context);
    context.record.traceId = span.traceId;
    return next(withTrace(request, span, incoming), context);
  };
}

function withTrace(
  request: HttpRequest,
  span: ReturnType<typeof childSpan>,
  incoming: ReturnType<typeof readTrace>,
): HttpRequest {
  const headers = request.headers.clone();
  const formats = incoming?.formats ?? (['w3c'] as const);
  for (const [name, value] of traceHeaders(span, formats, incoming?.context.spanId)) headers.set(name, value);
  return { ...request, headers };
}
