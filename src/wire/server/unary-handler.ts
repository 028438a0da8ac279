import type { handleUnaryCall, Metadata } from '@grpc/grpc-js';
import { describeError, type Logger } from '../../base/index.ts';
import { statusOf } from '../grpc/status.ts';
import type { Incoming } from './requests/incoming.ts';

/** Answers one request of a caller. The signal aborts when the caller has gone. Errors become statuses (grpc/status.ts). */
export type UnaryService<Caller, Request, Response> = (
  request: Request,
  caller: Caller,
  signal: AbortSignal,
) => Promise<Response>;

/** What all unary methods of a server share. */
export interface UnaryHandlerContext<Caller> {
  readonly callerOf: (metadata: Metadata) => Caller;
  /** Asked before a request is made of its bytes; throwing refuses it, and what it returns is called once that is done. */
  readonly admit?: ((caller: Caller) => () => void) | undefined;
  readonly log: Logger;
}

/** Refusals are answered with a status and logged; what the answer does not tell stays in the log. */
export function unaryHandler<Caller, Request, Response>(
  service: UnaryService<Caller, Request, Response>,
  context: UnaryHandlerContext<Caller>,
): handleUnaryCall<Incoming<Request>, Response> {
  return (call, answer) => {
    const gone = new AbortController();
    call.on('cancelled', () => gone.abort(new Error('the caller has gone')));
    const serve = async (): Promise<Response> => {
      const caller = context.callerOf(call.metadata);
      return service(read(call.request, context.admit?.(caller)), caller, gone.signal);
    };
    serve().then(
      (response) => answer(null, response),
      (error: unknown) => {
        const { code, details } = statusOf(error);
        context.log.info('gRPC call refused', {
          method: call.getPath(),
          peer: call.getPeer(),
          error: describeError(error),
        });
        answer({ code, details });
      },
    );
  };
}

function read<T>(incoming: Incoming<T>, done: (() => void) | undefined): T {
  try {
    return incoming.read();
  } finally {
    incoming.done();
    done?.();
  }
}
