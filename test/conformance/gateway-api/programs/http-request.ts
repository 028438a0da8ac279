import { Agent, request } from 'node:http';
import type { ReceivedAnswer } from '../compare/index.ts';
import type { DriverOrder } from './order.ts';

/** Single requests have a connection of their own; many share as many as are sent at once. */
const shared = new Agent({ keepAlive: true });

export function sendHttp(order: DriverOrder): Promise<ReceivedAnswer> {
  const { host, port, authority, method, path, headers, body, timeoutMs, count } = order;
  return new Promise((resolve, reject) => {
    const attempt = request({
      host,
      port,
      method,
      path,
      agent: count === 1 ? false : shared,
      headers: { host: authority, ...headers },
      signal: AbortSignal.timeout(timeoutMs),
    });
    attempt.on('error', reject);
    attempt.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('error', reject);
      response.on('end', () => {
        const raw = response.rawHeaders;
        const pairs = raw.flatMap((name, at): (readonly [string, string])[] =>
          at % 2 === 0 ? [[name, raw[at + 1] ?? '']] : [],
        );
        resolve({ status: response.statusCode ?? 0, headers: pairs, body: text });
      });
    });
    attempt.end(body);
  });
}
