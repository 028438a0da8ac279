import { formatDurationMs } from '../../../../proxy/index.ts';
import { finished } from 'node:stream';
import type { Clock } from '../../../../base/index.ts';
import type { HttpBody, HttpRequest } from '../../../../http/index.ts';
import type { BackendTarget } from '../../../../model/index.ts';
import { WaypointError } from '../../../errors.ts';
import type { Handler } from '../../../request/layer.ts';
import type { RequestContext } from '../../../request/request-context.ts';
import { createRequestRecord } from '../../../request/request-record.ts';
import { discardBody } from '../../discard-body.ts';

/** How long a copy may take. */
export interface CopyOptions {
  readonly clock: Clock;
  /** From its first byte to the last of its answer. */
  readonly maximumMs: number;
}

/** A copy, and where it goes. */
export interface Copy {
  readonly request: HttpRequest;
  /** Of the request that it is a copy of. */
  readonly context: RequestContext;
  readonly backend: BackendTarget;
}

/**
 * Sends a copy of a request by itself: it has a record and a time of its own, and what becomes of the original is nothing to
 * it. Resolves, when its answer has been read and thrown away, with whether there was one. Never rejects.
 */
export async function sendCopy(send: Handler, copy: Copy, options: CopyOptions): Promise<boolean> {
  const { clock, maximumMs } = options;
  const { request, context, backend } = copy;
  const listeners: (() => void)[] = [];
  const controller = new AbortController();
  const timer = clock.after(maximumMs, () => controller.abort(tookTooLong(maximumMs)));
  try {
    const response = await send(request, {
      ...context,
      backend,
      backendFilters: [],
      signal: controller.signal,
      record: createRequestRecord(),
      attempt: 1,
      excluded: new Set(),
      informational: ignore,
      onEnd: (listener) => listeners.push(listener),
    });
    await thrownAway(response.body, options);
    return true;
  } catch {
    // A copy has nobody to tell; the caller counts it.
    return false;
  } finally {
    timer.cancel();
    request.body.stream?.destroy();
    for (const listener of listeners) listener();
  }
}

function thrownAway(body: HttpBody, { clock, maximumMs }: CopyOptions): Promise<void> {
  return new Promise((resolve) => {
    if (body.stream === undefined) resolve();
    else finished(body.stream, () => resolve());
    discardBody(body, { clock, maximumBytes: LONGEST_ANSWER_BYTES, maximumMs });
  });
}

function tookTooLong(maximumMs: number): WaypointError {
  return new WaypointError({
    code: 'ERR_WAYPOINT_MIRROR_TIMEOUT',
    blame: 'upstream',
    message: `expected a mirrored request to be over within ${formatDurationMs(maximumMs)}`,
  });
}

function ignore(): void {
  // Interim answers of a copy are for nobody.
}

const LONGEST_ANSWER_BYTES = 1_048_576;
