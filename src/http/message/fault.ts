import { HttpError, type HttpErrorCode } from '../errors.ts';

/** Makes the error of a breach; the side it came from decides who is to blame. */
export type Fault = (message: string, code?: HttpErrorCode, status?: number) => HttpError;

export const requestFault: Fault = (message, code = 'ERR_HTTP_BAD_REQUEST', status = 400) =>
  new HttpError({ code, blame: 'downstream', message, status });

export const responseFault: Fault = (message, code = 'ERR_HTTP_BAD_RESPONSE') =>
  new HttpError({ code, blame: 'upstream', message });

/** Somebody on our caller's side gave a request up. */
export function abortedError(message: string, cause?: unknown): HttpError {
  return new HttpError({ code: 'ERR_HTTP_ABORTED', blame: 'downstream', message, cause });
}

/** An exchange was asked for something that its state does not allow. */
export function stateError(message: string): HttpError {
  return new HttpError({ code: 'ERR_HTTP_STATE', blame: 'local', message });
}

/** A connection was destroyed on this side. */
export function destroyedError(cause: Error | undefined): HttpError {
  return new HttpError({
    code: 'ERR_HTTP_CONNECTION_CLOSED',
    blame: 'local',
    message: 'the connection was destroyed',
    cause,
  });
}

/** A piece of what a peer sent, fit to stand in an error. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
