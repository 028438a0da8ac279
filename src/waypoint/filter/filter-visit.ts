import { bodyOf, HeaderList, type HttpBody, type HttpRequest, type HttpResponse } from '../../http/index.ts';
import type { Filter } from '../../model/index.ts';
import { type FilterTrouble, troubleError } from './call-failure.ts';
import { type BodyBudget, type HeldBody, heldBody, holdBody } from './exchange/held-body.ts';
import { contextHead, requestHead, responseHead } from './exchange/message-head.ts';
import { type FilterResult, readResult } from './exchange/read-result.ts';
import type { FilteredRequest } from './filtered-request.ts';
import type { CallHead } from './protocol/messages.ts';
import type { CallQueue } from './runner/call-queue.ts';
import type { KeptProcess } from './runner/kept-process.ts';

/** What a request that comes by finds of its filter. */
export interface VisitedFilter {
  readonly filter: Filter;
  readonly queue: CallQueue;
  readonly current: KeptProcess | undefined;
  readonly budget: BodyBudget;
  /** `outcome`: `ok`, `answered`, or the kind of the trouble. */
  called(hook: 'request' | 'response', outcome: string): void;
}

/** One request on its way through one filter, there and back. */
export interface FilterVisit {
  /**
   * What is to go on, or the filter's own answer. Rejects with a WaypointError where the filter failed and is to fail closed,
   * and with the reason of the request's signal when that aborts.
   */
  onRequest(request: HttpRequest): Promise<Onward>;
  /** The answer that is to go back, with the request as it came to the filter. */
  onResponse(response: HttpResponse, request: HttpRequest): Promise<HttpResponse>;
  /** The request is done with. */
  leave(): void;
}

/** What the filter makes of a request: what goes on, or what goes back. */
export type Onward =
  | { readonly kind: 'request'; readonly request: HttpRequest }
  | { readonly kind: 'answer'; readonly response: HttpResponse };

/** For one request. Rejects with a WaypointError where the filter fails closed. */
export function visitFilter(visited: VisitedFilter, context: FilteredRequest): FilterVisit {
  // As it is now for the whole request, however it changes meanwhile.
  const { filter, queue, budget } = visited;
  let kept: KeptProcess | undefined;
  let locals = '{}';
  /** It failed open: the rest goes on as if there were none. */
  let isSkipped = false;

  async function call(
    hook: 'request' | 'response',
    message: Pick<CallHead, 'request' | 'response'>,
    body: Buffer | undefined,
  ): Promise<FilterResult | FilterTrouble> {
    const outcome = await queue.call({
      head: { hook, hasBody: body !== undefined, context: contextHead(context, locals), ...message },
      body: body ?? Buffer.alloc(0),
      timeLimitMs: filter.timeLimitMs,
      kept,
      signal: context.signal,
    });
    if (outcome.kind !== 'result') return outcome;
    if (outcome.kept !== kept) {
      kept?.leave();
      kept = outcome.kept;
    }
    try {
      const result = readResult(outcome.head, outcome.body);
      locals = result.locals ?? locals;
      return result;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return { kind: 'failed', message: error.message };
    }
  }

  async function hold(body: HttpBody): Promise<HeldBody> {
    const outcome = await holdBody(body, filter.body.maximumBytes, budget);
    if (outcome.kind === 'whole') {
      const { length } = outcome.bytes;
      // How long that takes is for who reads it: a client, or a backend.
      context.onEnd(() => budget.giveBack(length));
    }
    return outcome;
  }

  /** Throws, or notes that the request goes on without the filter. */
  function giveUp(hook: 'request' | 'response', trouble: FilterTrouble): void {
    visited.called(hook, trouble.kind);
    isSkipped = true;
    if (filter.failure === 'closed') throw troubleError(filter, hook, trouble);
  }

  function ownAnswer({ status, headers, body }: FilterResult): HttpResponse {
    context.record.reason ??= 'filter_answered';
    context.record.policy ??= `${filter.namespace}/${filter.name}`;
    return {
      status: status ?? 500,
      headers: headers ?? new HeaderList(),
      body: bodyOf(body ?? Buffer.alloc(0)),
    };
  }

  return {
    async onRequest(request) {
      if (visited.current?.process.hooks.onRequest === false) return { kind: 'request', request };
      let given = request;
      let bytes: Buffer | undefined;
      if (filter.body.request) {
        // Nobody behind the filter will ask the client for it.
        if (request.expectContinue) context.informational(100, new HeaderList());
        const taken = await hold(request.body);
        given = { ...request, body: taken.body, expectContinue: false };
        if (taken.kind !== 'whole') {
          giveUp('request', taken.kind === 'too-long' ? { kind: 'body-too-long' } : { kind: 'overloaded' });
          return { kind: 'request', request: given };
        }
        ({ bytes } = taken);
      }
      const result = await call('request', { request: requestHead(given) }, bytes);
      if ('kind' in result) {
        giveUp('request', result);
        return { kind: 'request', request: given };
      }
      visited.called('request', result.isAnswer ? 'answered' : 'ok');
      if (result.isAnswer) return { kind: 'answer', response: ownAnswer(result) };
      return { kind: 'request', request: changedRequest(given, result, bytes !== undefined) };
    },

    async onResponse(response, request) {
      const hooks = (kept ?? visited.current)?.process.hooks;
      if (isSkipped || hooks?.onResponse === false || response.tunnel !== undefined) return response;
      let given = response;
      try {
        let bytes: Buffer | undefined;
        if (filter.body.response) {
          const taken = await hold(response.body);
          given = { ...response, body: taken.body };
          if (taken.kind !== 'whole') {
            giveUp(
              'response',
              taken.kind === 'too-long' ? { kind: 'body-too-long' } : { kind: 'overloaded' },
            );
            return given;
          }
          ({ bytes } = taken);
        }
        const message = { request: requestHead(request), response: responseHead(given) };
        const result = await call('response', message, bytes);
        if ('kind' in result) {
          giveUp('response', result);
          return given;
        }
        visited.called('response', result.isAnswer ? 'answered' : 'ok');
        if (!result.isAnswer) return changedResponse(given, result, filter.body.response);
        given.body.stream?.destroy();
        return ownAnswer(result);
      } catch (error) {
        given.body.stream?.destroy();
        throw error;
      }
    },

    leave() {
      kept?.leave();
      kept = undefined;
    },
  };
}

function changedRequest(
  request: HttpRequest,
  { method, target, headers, body }: FilterResult,
  isHeld: boolean,
): HttpRequest {
  return {
    ...request,
    method: method ?? request.method,
    target: target ?? request.target,
    headers: headers ?? request.headers,
    body: body === undefined ? request.body : replacedBody(request.body, body, isHeld),
  };
}

function changedResponse(
  response: HttpResponse,
  { status, headers, body }: FilterResult,
  isHeld: boolean,
): HttpResponse {
  // What the backend still sends is nobody's.
  if (body !== undefined && !isHeld) response.body.stream?.destroy();
  return {
    ...response,
    status: status ?? response.status,
    headers: headers ?? response.headers,
    body: body === undefined ? response.body : replacedBody(response.body, body, isHeld),
  };
}

/** What came behind a body that was read (the status of gRPC, say) comes behind the new one. */
function replacedBody(before: HttpBody, bytes: Buffer, isHeld: boolean): HttpBody {
  return heldBody(bytes, isHeld ? before.trailers : () => undefined);
}
