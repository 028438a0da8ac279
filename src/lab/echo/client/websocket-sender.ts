import { WebSocket } from 'ws';
import type { EchoClientOptions } from './client-options.ts';
import { type EchoAnswer, type EchoSender, splitHeaders } from './sender.ts';

/** Opens, sends the message, takes one message and closes. */
export function webSocketSender(options: EchoClientOptions): EchoSender {
  const { host, others } = splitHeaders(options.headers);
  const headers = { ...Object.fromEntries(others), ...(host !== undefined && { host }) };
  return {
    send: () =>
      new Promise<EchoAnswer>((resolve, reject) => {
        const socket = new WebSocket(options.url, { headers, rejectUnauthorized: false });
        const timer = setTimeout(() => socket.terminate(), options.timeoutMs);
        socket.on('error', reject);
        socket.on('open', () => socket.send(options.message));
        socket.on('message', (data) => {
          resolve({ head: ['StatusCode=101'], body: String(data) });
          socket.close();
        });
        socket.on('close', (code) => {
          clearTimeout(timer);
          reject(new Error(`closed with ${code} before an answer`));
        });
      }),
    close: () => undefined,
  };
}
