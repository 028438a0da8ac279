export { canonicalHeaders, canonicalName } from './canonical-headers.ts';
export { delayed, durationMs } from './delay.ts';
export {
  type EchoHandlers,
  type EchoRequest,
  type EchoResponse,
  http1Server,
  httpPort,
} from './http-port.ts';
export { webSocketEcho } from './websocket.ts';
