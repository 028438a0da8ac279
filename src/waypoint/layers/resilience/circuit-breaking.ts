import type { Layer } from '../../request/layer.ts';
import { onAnswerEnd } from '../../upstream/sending/watch-answer.ts';
import type { Upstreams } from '../../upstream/upstreams.ts';

/**
 * Keeps the requests that run at a backend below its limits: what is too much waits a while and is then refused, before it
 * takes anything of anybody. A request counts until the last byte of its answer.
 */
export function createCircuitBreakingLayer(upstreams: Upstreams): Layer {
  return (next) => async (request, context) => {
    const { backend, settings } = upstreams.forRequest(context);
    const leave = await backend.gate.enter({
      limits: settings.limits,
      isRetry: context.attempt > 1,
      signal: context.signal,
    });
    try {
      const response = await next(request, context);
      onAnswerEnd(response, leave);
      return response;
    } catch (error) {
      leave();
      throw error;
    }
  };
}
