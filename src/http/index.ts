export type {
  HttpClientConnection,
  HttpExchange,
  HttpServerConnection,
  SendOptions,
} from './exchange.ts';
export { HeaderList } from './message/header-list.ts';
export {
  type HttpBody,
  type HttpRequest,
  type HttpResponse,
  type HttpVersion,
  NO_BODY,
  type UpgradedStream,
} from './message/http-message.ts';
