import { createServer, type Server, type Socket } from 'node:net';
import { errnoOf } from '../../../src/base/index.ts';
import { parseIpAddress } from '../../../src/model/index.ts';
import { connectTcp, openListener } from '../../../src/net/index.ts';
import type { TestPod } from './topology.ts';

/** A server program in a pod, as an application would be: it knows nothing of the mesh. */
export interface PodServer {
  readonly server: Server;
  readonly connections: Set<Socket>;
  close(): Promise<void>;
}

export function servePod(
  pod: TestPod,
  port: number,
  onConnection: (socket: Socket) => void,
): Promise<PodServer> {
  const fd = openListener(pod.netns.namespace, { address: '::', port, mark: 0 });
  const connections = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ fd }, () =>
      resolve({
        server,
        connections,
        close: () =>
          new Promise((done) => {
            for (const socket of connections) socket.destroy();
            server.close(() => done());
          }),
      }),
    );
  });
}

/** A connection that a program of the pod opens. */
export function dialFrom(pod: TestPod, address: string, port: number): Promise<Socket> {
  return connectTcp({
    namespace: pod.netns.namespace,
    address: parseIpAddress(address),
    port,
    timeoutMs: 5_000,
  });
}

export interface ReadResult {
  readonly text: string;
  /** `end`: a FIN came. `reset`: it was cut. */
  readonly how: 'end' | 'reset';
}

/** Everything the socket gets until it ends. */
export function readAll(socket: Socket): Promise<ReadResult> {
  return new Promise((resolve) => {
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.once('end', () => resolve({ text, how: 'end' }));
    socket.once('error', () => resolve({ text, how: 'reset' }));
    socket.once('close', () => resolve({ text, how: 'reset' }));
    socket.resume();
  });
}

/** Sends, half-closes, and returns the answer. A reset may come so fast that connecting itself reports it. */
export async function exchange(
  pod: TestPod,
  target: { readonly address: string; readonly port: number },
  text: string,
): Promise<ReadResult> {
  try {
    const socket = await dialFrom(pod, target.address, target.port);
    const answer = readAll(socket);
    socket.end(text);
    const result = await answer;
    socket.destroy();
    return result;
  } catch (error) {
    if (errnoOf(error) === 'ECONNRESET') return { text: '', how: 'reset' };
    throw error;
  }
}
