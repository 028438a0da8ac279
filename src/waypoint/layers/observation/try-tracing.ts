import type { Clock } from '../../../base/index.ts';
import type { HttpRequest } from '../../../http/index.ts';
import { type SpanContext, type Tracer, writeSpan } from '../../../telemetry/index.ts';
import { fromUnknown } from '../../from-unknown.ts';
import type { Layer } from '../../request/layer.ts';
import type { RequestTrace } from '../../request/request-context.ts';
import { onAnswerEnd } from '../../upstream/sending/watch-answer.ts';
import { trySpan } from './request-span.ts';

/**
 * Gives each try at a backend a span of its own, which the backend is told of: from the request's head to the last byte of the
 * answer. What is not sampled is passed on as it is.
 */
export function tryTracingLayer({
  tracer,
  clock,
}: {
  readonly tracer: Tracer;
  readonly clock: Clock;
}): Layer {
  return (next) => async (request, context) => {
    const { trace, record, attempt, dialled } = context;
    if (trace?.span.sampled !== true) return next(request, context);
    const { rules } = trace.span;
    if (rules?.sinks.length === 0) return next(request, context);
    const span = tracer.begin(trace.span, undefined, rules);
    const startedMs = clock.monotonic();
    const ended = (status: number | undefined, failure: unknown): void => {
      const backend = record.backendService ?? dialled.service;
      tracer.ended(
        trySpan(span, {
          request,
          attempt,
          backend: backend?.hostname ?? record.upstream?.name ?? '',
          upstream,
          status,
          error: failure === undefined ? undefined : fromUnknown(failure),
          durationMs: clock.monotonic() - startedMs,
          endMs: clock.now(),
        }),
        rules,
        (name) => request.headers.get(name),
      );
    };
    let upstream = record.upstream;
    try {
      const response = await next(withSpan(request, span, trace), { ...context, trace: { ...trace, span } });
      // By the end of its answer the record may be another try's.
      upstream = record.upstream;
      onAnswerEnd(response, (cut) => ended(response.status, cut));
      return response;
    } catch (error) {
      upstream = record.upstream;
      ended(undefined, error);
      throw error;
    }
  };
}

function withSpan(request: HttpRequest, span: SpanContext, { formats }: RequestTrace): HttpRequest {
  const headers = request.headers.clone();
  writeSpan(headers, span, formats);
  return { ...request, headers };
}
