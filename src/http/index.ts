export type {
  HttpClientConnection,
  HttpExchange,
  HttpServerConnection,
  SendOptions,
} from './exchange.ts';
export { HTTP_ERROR_CODES, HttpError, type HttpErrorCode } from './errors.ts';
export { HeaderList } from './message/header-list.ts';
export {
  type HttpBody,
  type HttpRequest,
  type HttpResponse,
  type HttpVersion,
  NO_BODY,
  type UpgradedStream,
} from './message/http-message.ts';
