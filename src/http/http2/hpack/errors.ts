import { HttpError } from '../../errors.ts';
import { ErrorCode } from '../frame/error-code.ts';

/** RFC 9113 §4.3: a header block that does not decode is a connection error COMPRESSION_ERROR. */
export function hpackError(message: string): HttpError {
  return new HttpError({
    code: 'ERR_HTTP_PROTOCOL',
    blame: 'downstream',
    message,
    http2Code: ErrorCode.COMPRESSION_ERROR,
  });
}
