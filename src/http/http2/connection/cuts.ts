import { HttpError } from '../../errors.ts';
import { errorCodeName } from '../frame/index.ts';
import type { Role } from './settings-exchange.ts';

/** The stream ended before both halves were complete. */
export function cutError(
  role: Role,
  message: string,
  more: { readonly http2Code?: number; readonly cause?: Error },
): HttpError {
  return new HttpError({ code: 'ERR_HTTP_CUT', blame: blameOfPeer(role), message, ...more });
}

/** The peer has not looked at the stream: it may be tried again (RFC 9113 §8.7). */
export function refusedError(message: string): HttpError {
  return new HttpError({
    code: 'ERR_HTTP_REFUSED',
    blame: 'upstream',
    message: `the peer did not take the stream: ${message}`,
    retryable: true,
  });
}

/** The peer broke a rule on one stream (RFC 9113 §5.4.2). */
export function streamFault(role: Role, http2Code: number, why: string): HttpError {
  return new HttpError({
    code: 'ERR_HTTP_PROTOCOL',
    blame: blameOfPeer(role),
    message: `${errorCodeName(http2Code)}: ${why}`,
    http2Code,
  });
}

/** A stream was cut to free memory: ERR_HTTP_BUFFER_LIMIT. */
export function overflowError(unreadBytes: number): HttpError {
  return new HttpError({
    code: 'ERR_HTTP_BUFFER_LIMIT',
    blame: 'local',
    message: `${unreadBytes} bytes of one stream lay unread while its workload or process was at its cap`,
  });
}

function blameOfPeer(role: Role): 'upstream' | 'downstream' {
  return role === 'client' ? 'upstream' : 'downstream';
}
