import { WebSocketServer } from 'ws';
import type { EchoHandlers } from './http-port.ts';

/** What is sent back for one message of a client. */
export type MessageAnswer = (message: Buffer) => Buffer;

/** Takes upgrades to WebSocket and answers each message; closes as the client closes. */
export function webSocketEcho(options: {
  /** Undefined: an upgrade to this request is refused with 400. */
  readonly answerFor: (request: Parameters<EchoHandlers['upgrade']>[0]) => MessageAnswer | undefined;
}): EchoHandlers['upgrade'] {
  const server = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false });
  return (request, socket, head) => {
    const answer = options.answerFor(request);
    if (answer === undefined || request.headers.upgrade?.toLowerCase() !== 'websocket') {
      socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    server.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', () => webSocket.terminate());
      webSocket.on('message', (data, binary) => {
        webSocket.send(answer(Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer)), {
          binary,
        });
      });
    });
  };
}
