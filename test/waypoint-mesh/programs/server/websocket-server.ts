import type { Server } from 'node:http';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';

/** How WebSockets ended at the server, by the path that they were opened with. */
const closings = new Map<string, { readonly code: number; readonly reason: string }>();

/** Upgrades of an HTTP server: `/ws…` echoes; `/ws/close?code=&reason=` closes; `/ws/first` speaks first; others get 403. */
export function attachWebSockets(server: Server): void {
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: { threshold: 1 },
    maxPayload: 64 << 20,
    handleProtocols: (offered) => [...offered].at(-1) ?? false,
  });
  server.on('upgrade', (request, socket, head) => {
    const url = new URL(request.url ?? '/', 'http://server');
    if (!url.pathname.startsWith('/ws')) {
      socket.end(
        'HTTP/1.1 403 Forbidden\r\nx-why: not-here\r\ncontent-length: 4\r\nconnection: close\r\n\r\nnope',
      );
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => serve(webSocket, url));
  });
}

function serve(webSocket: WebSocket, url: URL): void {
  webSocket.on('error', () => webSocket.terminate());
  webSocket.on('close', (code, reason) =>
    closings.set(url.searchParams.get('id') ?? '', { code, reason: reason.toString() }),
  );
  switch (url.pathname) {
    case '/ws/close':
      webSocket.close(Number(url.searchParams.get('code')), url.searchParams.get('reason') ?? '');
      return;
    case '/ws/first':
      webSocket.send('I speak first');
      return;
    case '/ws/terminate':
      webSocket.terminate();
      return;
    case '/ws/closings': {
      const closing = closings.get(url.searchParams.get('of') ?? '');
      webSocket.send(JSON.stringify(closing ?? null));
      return;
    }
    case '/ws/pings':
      webSocket.on('pong', (data) => webSocket.send(`pong ${data.toString()}`));
      webSocket.ping('from the server');
      return;
    case '/ws/fragments':
      for (const [index, part] of ['one ', 'message ', 'in parts'].entries())
        webSocket.send(part, { fin: index === 2, compress: false });
      return;
    default:
      webSocket.on('message', (data: RawData, binary) => webSocket.send(data, { binary }));
  }
}
