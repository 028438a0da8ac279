import { finished } from 'node:stream';
import type { Clock } from '../../../base/index.ts';
import type { HttpResponse } from '../../../http/index.ts';
import type { WaypointError } from '../../errors.ts';

/** How long, and what becomes of what takes longer. */
export interface DeadlineOptions {
  readonly clock: Clock;
  readonly delayMs: number;
  /** What is running already listens to; the signal given to `run` aborts with it. */
  readonly signal: AbortSignal;
  /** What is thrown, or cuts the answer, when the time is up. */
  readonly failure: () => WaypointError;
  /** Told the failure before an answer that has begun is cut with it. */
  readonly onCut?: (failure: WaypointError) => void;
}

/**
 * Gives `run` so much time for the whole of its answer. Without its head by then the promise rejects at once, and what may
 * still come is thrown away; a body that is still coming is cut. A connection that has left HTTP is out of its reach.
 */
export async function withinDeadline(
  options: DeadlineOptions,
  run: (signal: AbortSignal) => Promise<HttpResponse>,
): Promise<HttpResponse> {
  const { clock, delayMs, signal, failure, onCut } = options;
  const controller = new AbortController();
  const deadline = Promise.withResolvers<never>();
  let answered: HttpResponse | undefined;
  let expired = false;
  const timer = clock.after(delayMs, () => {
    expired = true;
    const error = failure();
    if (answered === undefined) deadline.reject(error);
    else {
      onCut?.(error);
      answered.body.stream?.destroy(error);
    }
    controller.abort(error);
  });
  const running = run(AbortSignal.any([signal, controller.signal]));
  running.then(
    ({ body }) => {
      if (expired) body.stream?.destroy();
    },
    () => undefined,
  );
  try {
    answered = await Promise.race([running, deadline.promise]);
  } catch (error) {
    timer.cancel();
    throw error;
  }
  const { stream } = answered.body;
  if (stream === undefined || answered.tunnel !== undefined) timer.cancel();
  else finished(stream, () => timer.cancel());
  return answered;
}
