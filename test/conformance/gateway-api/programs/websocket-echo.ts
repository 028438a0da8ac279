import { WebSocket } from 'ws';
import type { ReceivedAnswer } from '../compare/index.ts';
import type { DriverOrder } from './order.ts';

/** Opens a WebSocket, sends a text and wants it back: status 101 with that as the body. */
export function echoOverWebSocket(order: DriverOrder): Promise<ReceivedAnswer> {
  const { host, port, authority, path, headers, body, timeoutMs } = order;
  const text = body === '' ? 'conformance' : body;
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${host}:${port}${path}`, { headers: { host: authority, ...headers } });
    const timer = setTimeout(() => {
      reject(new Error('timed out'));
      socket.terminate();
    }, timeoutMs);
    let pairs: (readonly [string, string])[] = [];
    socket.on('upgrade', ({ rawHeaders }) => {
      pairs = rawHeaders.flatMap((name, at): (readonly [string, string])[] =>
        at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? '']] : [],
      );
    });
    socket.on('unexpected-response', (_request, response) => {
      resolve({ status: response.statusCode ?? 0, headers: [], body: '' });
      response.destroy();
    });
    socket.on('error', reject);
    socket.on('open', () => socket.send(text));
    socket.on('message', (data) => {
      if (String(data) === text) resolve({ status: 101, headers: pairs, body: text });
      else reject(new Error(`expected ${text} back, got ${String(data)}`));
      socket.close();
    });
    socket.on('close', (code) => {
      clearTimeout(timer);
      reject(new Error(`closed with ${code}`));
    });
  });
}
