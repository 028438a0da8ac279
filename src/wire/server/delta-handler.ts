import type { ServerDuplexStream } from '@grpc/grpc-js';
import { describeError } from '../../base/index.ts';
import { type DeltaRequest, type DeltaResponse, type DeltaServerStream, XdsError } from '../../xds/index.ts';
import { statusOf } from '../grpc/status.ts';
import type { Incoming } from './requests/incoming.ts';

type DeltaCall = ServerDuplexStream<Incoming<DeltaRequest>, DeltaResponse>;

/** A gRPC call as the stream that the delta server wants. `drop` cuts the connection under it. */
export function deltaServerStream(call: DeltaCall, drop: () => void): DeltaServerStream {
  let wake: (() => void) | undefined;
  let over = false;
  let failWrite: ((error: Error) => void) | undefined;
  let ended = false;

  const rouse = (): void => {
    wake?.();
    wake = undefined;
  };
  const finish = (): void => {
    over = true;
    failWrite?.(streamGone());
    rouse();
  };
  call.on('end', finish);
  call.on('close', finish);
  call.on('cancelled', finish);

  async function* requests(): AsyncGenerator<DeltaRequest> {
    // Not before: whoever listens is read from, and a request that nobody takes yet should stay where it is.
    call.on('readable', rouse);
    for (;;) {
      if (ended) return;
      const incoming: Incoming<DeltaRequest> | null = call.read();
      if (incoming !== null) {
        try {
          yield readRequest(incoming);
        } finally {
          incoming.done();
        }
      } else if (over) return;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  }

  return {
    requests: requests(),
    send(response) {
      if (over || ended) return Promise.reject(streamGone());
      return new Promise((resolve, reject) => {
        // A call that is cancelled forgets its callbacks.
        failWrite = reject;
        call.write(response, (error: Error | null | undefined) => {
          failWrite = undefined;
          if (error) reject(error);
          else resolve();
        });
      });
    },
    end(error) {
      if (ended) return;
      ended = true;
      rouse();
      // A status waits behind what is being written; a client that takes nothing would never get it.
      const stuck = failWrite;
      if (stuck !== undefined) {
        stuck(streamGone());
        drop();
      } else if (error === undefined) call.end();
      else call.emit('error', Object.assign(new Error(error.message), statusOf(error)));
    },
  };
}

function readRequest(incoming: Incoming<DeltaRequest>): DeltaRequest {
  try {
    return incoming.read();
  } catch (error) {
    throw badRequest(error);
  }
}

function badRequest(cause: unknown): XdsError {
  return new XdsError({
    code: 'ERR_XDS_REQUEST',
    blame: 'downstream',
    message: `a discovery request cannot be read (${describeError(cause)})`,
    cause,
  });
}

function streamGone(): XdsError {
  return new XdsError({
    code: 'ERR_XDS_STREAM',
    blame: 'downstream',
    message: 'the discovery stream is gone',
    retryable: true,
  });
}
