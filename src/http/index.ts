export { HTTP_CONFIG_RANGES, type HttpConfig, type HttpOptions, resolveHttpConfig } from './config.ts';
export { detectHttp, type Detection, type DetectOptions } from './detect/detect-http.ts';
export type { DetectedProtocol } from './detect/verdict.ts';
export { detectTls, type TlsDetectOptions, type TlsGreeting } from './detect/detect-tls.ts';
export type { ConnectOptions, ServeOptions } from './endpoint-options.ts';
export { HTTP_ERROR_CODES, HttpError, type HttpErrorCode } from './errors.ts';
export type {
  HttpClientConnection,
  HttpExchange,
  HttpServerConnection,
  SendOptions,
} from './exchange.ts';
export { connectHttp1, serveHttp1 } from './http1/index.ts';
export { connectHttp2, serveHttp2 } from './http2/index.ts';
export { CONNECTION_FIELDS } from './message/field-kinds.ts';
export { isFieldValue, isTarget, isToken } from './message/field-syntax.ts';
export { HeaderList } from './message/header-list.ts';
export {
  type HttpBody,
  type HttpRequest,
  type HttpResponse,
  type HttpVersion,
  NO_BODY,
  type UpgradedStream,
} from './message/http-message.ts';
export { bodyOf, readBody, textResponse } from './message/make-body.ts';
