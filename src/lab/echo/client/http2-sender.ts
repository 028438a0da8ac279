import { connect, type IncomingHttpHeaders } from 'node:http2';
import { canonicalName } from '../http/index.ts';
import type { EchoClientOptions } from './client-options.ts';
import { type EchoAnswer, type EchoSender, splitHeaders, splitUrl } from './sender.ts';

/** HTTP/2: with prior knowledge over cleartext, by ALPN over TLS. Redirects are not followed. */
export function http2Sender(options: EchoClientOptions): EchoSender {
  const { secure, authority, path } = splitUrl(options.url);
  const { host = authority, others } = splitHeaders(options.headers);
  const session = connect(`${secure ? 'https' : 'http'}://${authority}`, { rejectUnauthorized: false });
  // The request in flight fails with the same error.
  session.on('error', () => session.destroy());
  const fields: Record<string, string[]> = {};
  for (const [name, value] of others) {
    const lower = name.toLowerCase();
    fields[lower] = [...(fields[lower] ?? []), value];
  }
  return {
    send: () =>
      new Promise<EchoAnswer>((resolve, reject) => {
        const stream = session.request({
          ...fields,
          ':method': options.method,
          ':authority': host,
          ':path': path,
        });
        const timer = setTimeout(() => stream.destroy(new Error('the request timed out')), options.timeoutMs);
        let head: readonly string[] = [];
        let body = '';
        stream.setEncoding('utf8');
        stream.on('response', (headers) => {
          head = describe(headers);
        });
        stream.on('data', (part: string) => {
          body += part;
        });
        stream.on('error', reject);
        stream.on('end', () => resolve({ head, body }));
        stream.on('close', () => clearTimeout(timer));
        stream.end();
      }),
    close: () => session.close(),
  };
}

function describe(
  headers: IncomingHttpHeaders & { readonly ':status'?: number | undefined },
): readonly string[] {
  const fields = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith(':')
      ? []
      : [value ?? []].flat().map((one) => `ResponseHeader=${canonicalName(name)}:${one}`),
  );
  return [`StatusCode=${headers[':status'] ?? 0}`, 'Proto=HTTP/2.0', ...fields];
}
