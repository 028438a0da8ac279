import { Agent, request } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import type { ReceivedAnswer } from '../compare/index.ts';
import type { DriverOrder } from './order.ts';

/** Single requests have a connection of their own; many share as many as are sent at once. */
const shared = new Agent({ keepAlive: true });
/** The echo servers' certificates are of nobody's authority. */
const secure = new SecureAgent({ keepAlive: true, rejectUnauthorized: false });

export function sendHttp(order: DriverOrder): Promise<ReceivedAnswer> {
  const { kind, host, port, authority, method, path, headers, body, timeoutMs, count } = order;
  return new Promise((resolve, reject) => {
    const options = {
      host,
      port,
      method,
      path,
      headers: { host: authority, ...headers },
      signal: AbortSignal.timeout(timeoutMs),
    };
    const attempt =
      kind === 'https'
        ? secureRequest({ ...options, agent: secure })
        : request({ ...options, agent: count === 1 ? false : shared });
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
