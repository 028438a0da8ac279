export { connectHttp1 } from './endpoint/client-connection.ts';
export { serveHttp1 } from './endpoint/server-connection.ts';
