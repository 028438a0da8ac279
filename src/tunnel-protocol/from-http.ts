import { HttpError, type HttpErrorCode } from '../http/index.ts';
import { TunnelError, type TunnelErrorCode } from './errors.ts';

/** An error of the HTTP/2 engine, its causes included, in the words of tunnels. Others are handed back as they are. */
export function tunnelErrorOf(error: HttpError): TunnelError;
export function tunnelErrorOf(error: unknown): unknown;
export function tunnelErrorOf(error: unknown): unknown {
  if (!(error instanceof HttpError)) return error;
  const { blame, message, hint, retryable, http2Code } = error;
  const cause = tunnelErrorOf(error.cause);
  return new TunnelError({
    code: CODES[error.code] ?? 'ERR_TUNNEL_STREAM_RESET',
    blame,
    message,
    hint,
    retryable,
    http2Code,
    cause,
  });
}

/** What the engine throws; the other codes of HTTP are about messages, of which a tunnel has none. */
const CODES: Readonly<Partial<Record<HttpErrorCode, TunnelErrorCode>>> = {
  ERR_HTTP_PROTOCOL: 'ERR_TUNNEL_PROTOCOL',
  ERR_HTTP_FLOOD: 'ERR_TUNNEL_FLOOD',
  ERR_HTTP_CUT: 'ERR_TUNNEL_STREAM_RESET',
  ERR_HTTP_REFUSED: 'ERR_TUNNEL_STREAM_REFUSED',
  ERR_HTTP_CONNECTION_CLOSED: 'ERR_TUNNEL_SESSION_CLOSED',
  ERR_HTTP_KEEP_ALIVE: 'ERR_TUNNEL_KEEP_ALIVE',
  ERR_HTTP_BUFFER_LIMIT: 'ERR_TUNNEL_BUFFER_LIMIT',
};
