import { HttpError, type HttpErrorCode } from '../errors.ts';

/** Makes the error of a breach; the side it came from decides who is to blame. */
export type Fault = (message: string, code?: HttpErrorCode, status?: number) => HttpError;

export const requestFault: Fault = (message, code = 'ERR_HTTP_BAD_REQUEST', status = 400) =>
  new HttpError({ code, blame: 'downstream', message, status });

export const responseFault: Fault = (message, code = 'ERR_HTTP_BAD_RESPONSE') =>
  new HttpError({ code, blame: 'upstream', message });

/** A piece of what a peer sent, fit to stand in an error. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
