import { connect } from 'node:http2';
import type { ReceivedAnswer } from '../compare/index.ts';
import type { DriverOrder } from './order.ts';

/** HTTP/2 with prior knowledge, over a connection of its own. */
export function sendHttp2(order: DriverOrder): Promise<ReceivedAnswer> {
  const { host, port, authority, method, path, headers, body, timeoutMs } = order;
  const session = connect(`http://${host}:${port}`);
  return new Promise<ReceivedAnswer>((resolve, reject) => {
    session.on('error', reject);
    const stream = session.request(
      { ...headers, ':method': method, ':path': path, ':authority': authority },
      { endStream: body === '' },
    );
    const timer = setTimeout(() => reject(new Error('timed out')), timeoutMs);
    let status = 0;
    let pairs: readonly (readonly [string, string])[] = [];
    let text = '';
    stream.setEncoding('utf8');
    stream.on('response', (fields) => {
      status = Number(fields[':status']);
      pairs = Object.entries(fields).flatMap(([name, value]) =>
        name.startsWith(':') ? [] : [value ?? []].flat().map((one) => [name, String(one)] as const),
      );
    });
    stream.on('data', (part: string) => {
      text += part;
    });
    stream.on('error', reject);
    stream.on('end', () => resolve({ status, headers: pairs, body: text }));
    stream.on('close', () => clearTimeout(timer));
    if (body !== '') stream.end(body);
  }).finally(() => session.destroy());
}
