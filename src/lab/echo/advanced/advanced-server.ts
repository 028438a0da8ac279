import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { canonicalHeaders } from './header-names.ts';

/** The flags of Istio's echo server as the mesh conformance manifests give them; those for gRPC and TLS are not served. */
export interface AdvancedEchoOptions {
  readonly httpPorts: readonly number[];
  readonly tcpPorts: readonly number[];
  readonly hostname: string;
  readonly write: (line: string) => void;
}

/** Answers with lines of `Field=value`, which echo's client and the conformance suite take apart. Runs until `signal`. */
export async function runAdvancedEcho(options: AdvancedEchoOptions, signal: AbortSignal): Promise<void> {
  const connections = new Set<Socket>();
  const servers: Server[] = [
    ...options.httpPorts.map(() =>
      createHttpServer((request, response) => answer(options, request, response)),
    ),
    ...options.tcpPorts.map(() => createTcpServer((socket) => serveTcp(options, socket))),
  ];
  const ports = [...options.httpPorts, ...options.tcpPorts];
  await Promise.all(servers.map((server, index) => listen(server, ports[index] ?? 0)));
  for (const server of servers) {
    server.on('connection', (socket: Socket) => {
      connections.add(socket);
      socket.on('close', () => connections.delete(socket));
    });
  }
  options.write(`echo-advanced listens on ports ${ports.join(', ')}`);
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  for (const server of servers) server.close();
  for (const socket of connections) socket.end();
}

function answer({ hostname }: AdvancedEchoOptions, request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  const { host, headers } = canonicalHeaders(request.rawHeaders);
  const url = new URL(request.url ?? '/', 'http://echo');
  const lines = [
    'ServiceVersion=',
    `ServicePort=${request.socket.localPort ?? ''}`,
    `Host=${host}`,
    `URL=${request.url ?? '/'}`,
    'Cluster=',
    'IstioVersion=',
    `Method=${request.method ?? ''}`,
    `Proto=HTTP/${request.httpVersion}`,
    `IP=${withoutMapping(request.socket.remoteAddress)}`,
    ...Object.entries(headers).flatMap(([name, values]) =>
      values.map((value) => `RequestHeader=${name}:${value}`),
    ),
    `Hostname=${hostname}`,
  ];
  const codes = url.searchParams.get('codes');
  response.writeHead(codes !== null && /^\d{3}$/.test(codes) ? Number(codes) : 200, {
    'content-type': 'text/plain',
  });
  response.end(`${lines.join('\n')}\n`);
}

function serveTcp({ hostname }: AdvancedEchoOptions, socket: Socket): void {
  // A peer that resets is done with us.
  socket.on('error', () => socket.destroy());
  socket.once('data', (first) => {
    const fields = [
      'StatusCode=200',
      'ServiceVersion=',
      `ServicePort=${socket.localPort ?? ''}`,
      `IP=${withoutMapping(socket.remoteAddress)}`,
      'Proto=TCP',
      `Hostname=${hostname}`,
    ];
    socket.write(`${fields.join('\n')}\n`);
    socket.write(first);
    socket.pipe(socket);
  });
}

function withoutMapping(address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.)/, '');
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '::', () => resolve());
  });
}
