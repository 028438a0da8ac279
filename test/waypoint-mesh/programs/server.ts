// What the waypoint's tests talk to: `node server.ts`. Every protocol on a port of its own; ends on SIGTERM.
import { startGrpcServer } from './server/grpc-server.ts';
import { startH2cServer, startHttpServer } from './server/http-server.ts';
import { startTcpServer, startTlsServer } from './server/stream-servers.ts';

startHttpServer(8080);
startH2cServer(8081);
startGrpcServer(7070);
startTcpServer(9000, 'echo');
startTcpServer(9001, 'first');
startTcpServer(9002, 'half-close');
startTcpServer(9003, 'reset');
await startTlsServer(9443);
console.log('listening');
process.on('SIGTERM', () => process.exit(0));
