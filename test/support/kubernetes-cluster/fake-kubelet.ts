import { createServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ServerResponse } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { makeCertificate } from '../../identity/support/certificates.ts';

/** As much of a kubelet as an API server asks for: ports of pods, by WebSocket, and what containers have written. */
export interface FakeKubelet {
  readonly port: number;
  /** `namespace/pod:port` → a port on loopback where a process is that stands for it. */
  readonly ports: Map<string, number>;
  /** `namespace/pod/container` → its lines. */
  readonly logs: Map<string, string[]>;
  /** `namespace/pod:port` of every connection so far. */
  readonly forwarded: readonly string[];
  /** Of connections that are open. */
  readonly open: number;
  /** Cuts every connection, without a word. */
  cut(): void;
  close(): Promise<void>;
}

export async function startFakeKubelet(): Promise<FakeKubelet> {
  const { pem: cert, keyPem: key } = await makeCertificate({ name: 'CN=kubelet' });
  const ports = new Map<string, number>();
  const logs = new Map<string, string[]>();
  const forwarded: string[] = [];
  const sockets = new Set<Duplex>();
  const webSockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => (offered.has(PROTOCOL) ? PROTOCOL : false),
  });
  const server = createServer({ cert, key }, ({ url = '' }, response) => answerLog(url, response, logs));
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (request, socket, head) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'https://kubelet');
    const [, namespace, pod] = /^\/portForward\/([^/]+)\/([^/]+)$/.exec(pathname) ?? [];
    const port = Number(searchParams.get('port'));
    if (namespace === undefined || pod === undefined) {
      socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n');
      return;
    }
    const name = `${namespace}/${pod}:${port}`;
    forwarded.push(name);
    webSockets.handleUpgrade(request, socket, head, (client) => forward(client, port, ports.get(name)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    ports,
    logs,
    forwarded,
    get open() {
      return webSockets.clients.size;
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The protocol begins with the port's number on both channels; an error ends it. */
function forward(client: WebSocket, port: number, target: number | undefined): void {
  const said = Buffer.alloc(2);
  said.writeUInt16LE(port);
  for (const channel of [0, 1]) client.send(Buffer.concat([Buffer.from([channel]), said]));
  const fail = (why: string): void => {
    client.send(Buffer.concat([Buffer.from([1]), Buffer.from(`error forwarding port ${port}: ${why}`)]));
    client.close();
  };
  if (target === undefined) {
    fail('connection refused');
    return;
  }
  const socket = connect(target, '127.0.0.1');
  client.on('message', (data: Buffer) => {
    if (data[0] === 0) socket.write(data.subarray(1));
  });
  client.on('close', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    socket.pause();
    client.send(Buffer.concat([Buffer.from([0]), chunk]), () => socket.resume());
  });
  socket.on('error', ({ message }) => fail(message));
  socket.on('end', () => client.close());
}

function answerLog(url: string, response: ServerResponse, logs: FakeKubelet['logs']): void {
  const { pathname, searchParams } = new URL(url, 'https://kubelet');
  const lines = logs.get(pathname.replace(/^\/containerLogs\//, ''));
  if (lines === undefined) {
    response.writeHead(404).end('no such container');
    return;
  }
  const tail = Number(searchParams.get('tailLines') ?? lines.length);
  for (const line of tail === 0 ? [] : lines.slice(-tail)) response.write(`${line}\n`);
  if (searchParams.get('follow') !== 'true') response.end();
  else response.flushHeaders();
}

const PROTOCOL = 'v4.channel.k8s.io';
