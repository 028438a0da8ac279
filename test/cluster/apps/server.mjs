// Answers requests with who asked for what, on 8080, and returns on 9090 what it is sent.
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { hostname } from 'node:os';

createServer((request, response) => {
  response.end(`${hostname()} ${request.method} ${request.socket.remoteAddress}\n`);
}).listen(8080, '::');
createTcpServer((socket) => {
  socket.on('error', () => socket.destroy());
  socket.pipe(socket);
}).listen(9090, '::');
process.on('SIGTERM', () => process.exit(0));
