import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { EchoClientOptions } from './client-options.ts';
import { type EchoAnswer, type EchoSender, splitUrl } from './sender.ts';

/** A line over a connection of its own; the answer is whole when the line has come back. */
export function tcpSender(options: EchoClientOptions): EchoSender {
  const { secure, host, port } = splitUrl(options.url);
  const dial = (): Socket =>
    secure
      ? connectTls({ host, port, servername: host, rejectUnauthorized: false })
      : connectTcp({ host, port });
  return {
    send: () =>
      new Promise<EchoAnswer>((resolve, reject) => {
        const socket = dial();
        let body = '';
        const line = `${options.message}\n`;
        socket.setTimeout(options.timeoutMs, () => socket.destroy(new Error('no answer in time')));
        socket.on('error', reject);
        socket.on('end', () => socket.destroy(new Error(`the server ended after ${JSON.stringify(body)}`)));
        socket.on('data', (chunk: Buffer) => {
          body += chunk.toString('utf8');
          if (!body.endsWith(line)) return;
          socket.removeAllListeners('end');
          socket.end();
          const answered = body.includes('StatusCode=200');
          if (answered) resolve({ head: [`Echo=${options.message}`], body });
          else reject(new Error(`expected StatusCode=200 in the answer, got ${JSON.stringify(body)}`));
        });
        socket.write(line);
      }),
    close: () => undefined,
  };
}
