import { HttpError } from '../../errors.ts';
import { ErrorCode, errorCodeName } from './error-code.ts';

/** A breach of protocol by the peer: the session ends with GOAWAY and this code (RFC 9113 §5.4.1). */
export function protocolFault(http2Code: number, message: string): HttpError {
  return new HttpError({
    code: http2Code === ErrorCode.ENHANCE_YOUR_CALM ? 'ERR_HTTP_FLOOD' : 'ERR_HTTP_PROTOCOL',
    blame: 'downstream',
    message: `${errorCodeName(http2Code)}: ${message}`,
    http2Code,
  });
}
