// A backend that can be told to misbehave: `node chaos-server.ts`. `/be?mode=` sets the mode; any other path is answered by it.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

const MODES: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>> = {
  well: (_request, response) => void response.end(process.env.POD_NAME),
  slow: (_request, response) => void setTimeout(() => response.end(process.env.POD_NAME), 1000),
  /** The request is read and never answered. */
  resetting: (request) => void request.socket.resetAndDestroy(),
  failing: (_request, response) => void response.writeHead(503).end('out of order'),
  dead: () => process.kill(process.pid, 'SIGKILL'),
};

let mode = MODES.well;
let ending = false;
// As most servers: idle connections are kept for longer than any client keeps them.
const server = createServer(
  { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 },
  (request, response) => {
    // Of a server that ends, every answer is the last of its connection.
    if (ending) response.setHeader('connection', 'close');
    const url = new URL(request.url ?? '/', 'http://server');
    if (url.pathname === '/be') {
      mode = MODES[url.searchParams.get('mode') ?? 'well'];
      response.end(mode === undefined ? 'no such mode' : 'as you wish');
      return;
    }
    mode?.(request, response);
  },
);
server.listen({ port: 8080, host: '::', backlog: 4096 });
process.on('SIGTERM', () => {
  ending = true;
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
console.log('listening');
