import type { Clock } from '../../base/index.ts';
import type { HttpExchange, HttpRequest, HttpResponse } from '../../http/index.ts';
import type { WorkloadUid } from '../../model/index.ts';
import { fromUnknown } from '../from-unknown.ts';
import type { TargetPlan } from '../plan/target-plan.ts';
import type { RouteSelection } from '../routing/route-selection.ts';
import { answerGrpc } from './answer-grpc.ts';
import { failureResponse, isGrpc } from './failure-response.ts';
import type { Handler } from './layer.ts';
import type { RequestContext } from './request-context.ts';
import type { DialledTarget, RequestClient } from './request-parties.ts';
import { noteFailure } from './note-failure.ts';
import { createRequestRecord } from './request-record.ts';
import { joinUpgrade } from './upgrade.ts';

/** What all requests of one connection have in common. */
export interface ConnectionContext {
  readonly client: RequestClient;
  readonly dialled: DialledTarget;
  /** Asked for each request: configuration changes while connections live. */
  plan(): TargetPlan;
}

/**
 * One request from its head to the last byte of its answer. Whatever goes wrong becomes an answer, or where the answer has
 * begun a cut, and is in the record. Never rejects.
 */
export async function handleExchange(
  exchange: HttpExchange,
  connection: ConnectionContext,
  deps: { readonly handler: Handler; readonly clock: Clock },
): Promise<void> {
  const { handler, clock } = deps;
  const { request } = exchange;
  const record = createRequestRecord();
  const listeners: (() => void)[] = [];
  const context = contextOf(exchange, connection, {
    record,
    startedMs: clock.monotonic(),
    onEnd: (listener) => listeners.push(listener),
  });
  const answer = (response: HttpResponse): Promise<void> => {
    record.status = response.status;
    return response.tunnel === undefined
      ? exchange.respond(response)
      : joinUpgrade(exchange.upgrade(response), response.tunnel, record);
  };
  try {
    const response = await handlerAnswer(handler, request, context);
    if (isGrpc(request)) await answerGrpc({ request, response, record }, answer);
    else await answer(response);
  } catch (error) {
    // The answer itself was cut: its head may be out, and nothing can be said any more.
    noteFailure(record, fromUnknown(error));
    exchange.abort(fromUnknown(error));
  }
  record.durationMs = clock.monotonic() - context.startedMs;
  record.requestBytes += exchange.receivedBytes;
  record.responseBytes += exchange.sentBytes;
  for (const listener of listeners) listener();
}

/** The layers' answer, or what stands for their failure. */
async function handlerAnswer(
  handler: Handler,
  request: HttpRequest,
  context: RequestContext,
): Promise<HttpResponse> {
  try {
    return await handler(request, context);
  } catch (error) {
    const failure = fromUnknown(error);
    noteFailure(context.record, failure);
    return failureResponse(request, failure);
  }
}

function contextOf(
  exchange: HttpExchange,
  { client, dialled, plan }: ConnectionContext,
  own: Pick<RequestContext, 'record' | 'startedMs' | 'onEnd'>,
): RequestContext {
  const current = plan();
  let selection: RouteSelection | undefined;
  return {
    client,
    dialled,
    plan: current,
    signal: exchange.signal,
    tokens: [],
    route() {
      selection ??= current.routes.select(exchange.request, client.identity.namespace);
      return selection;
    },
    backend: undefined,
    backendFilters: [],
    consumer: undefined,
    attempt: 1,
    excluded: NOBODY,
    stickTo: undefined,
    informational: (status, headers) => exchange.informational(status, headers),
    ...own,
  };
}

const NOBODY: ReadonlySet<WorkloadUid> = new Set();
