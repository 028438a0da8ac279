import { TLSSocket } from 'node:tls';
import {
  canonicalHeaders,
  delayed,
  durationMs,
  type EchoHandlers,
  type EchoRequest,
  type EchoResponse,
  webSocketEcho,
} from '../http/index.ts';
import { plainAddress } from '../serving.ts';
import type { AdvancedEchoOptions } from './advanced-options.ts';
import { chooseCode } from './response-code.ts';

/** How echo-advanced answers requests and the first message of a WebSocket. */
export function advancedHandlers(options: AdvancedEchoOptions): EchoHandlers {
  return {
    handle(request, response) {
      echo(options, request, response).catch((error: unknown) => {
        options.write(`request failed: ${String(error)}`);
        response.destroy();
      });
    },
    upgrade: webSocketEcho({
      answerFor: (request) => (message) =>
        Buffer.concat([
          Buffer.from(`${describe(options, request).join('\n')}\n`),
          message,
          Buffer.from('\nStatusCode=200\n'),
        ]),
    }),
  };
}

async function echo(
  options: AdvancedEchoOptions,
  request: EchoRequest,
  response: EchoResponse,
): Promise<void> {
  request.resume();
  const { socket, url: target = '/' } = request;
  options.write(
    `Echoing back request made to ${target} to client (${plainAddress(socket.remoteAddress)}:${socket.remotePort ?? 0})`,
  );
  const { searchParams } = new URL(target, 'http://echo');
  const delay = searchParams.get('delay');
  if (delay !== null) await delayed(durationMs(delay), response);
  if (response.destroyed) return;
  for (const pair of (searchParams.get('headers') ?? '').split(',')) {
    const [name = '', value = '', ...rest] = pair.split(':');
    if (name !== '' && rest.length === 0) response.setHeader(name, value);
  }
  response.statusCode = chooseCode(searchParams.get('codes') ?? '', Math.random());
  response.setHeader('content-type', 'text/plain');
  response.end(`${describe(options, request).join('\n')}\n`);
}

function describe({ hostname }: AdvancedEchoOptions, request: EchoRequest): readonly string[] {
  const { host, headers } = canonicalHeaders(request.rawHeaders);
  const { socket } = request;
  return [
    'ServiceVersion=',
    `ServicePort=${socket.localPort ?? ''}`,
    `Host=${host}`,
    `URL=${request.url ?? '/'}`,
    'Cluster=',
    'IstioVersion=',
    `Method=${request.method ?? ''}`,
    `Proto=${request.httpVersionMajor === 2 ? 'HTTP/2.0' : `HTTP/${request.httpVersion}`}`,
    `IP=${plainAddress(socket.remoteAddress)}`,
    `Alpn=${socket instanceof TLSSocket && socket.alpnProtocol !== false ? socket.alpnProtocol : ''}`,
    ...Object.entries(headers)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([name, values]) => values.map((value) => `RequestHeader=${name}:${value}`)),
    `Hostname=${hostname}`,
  ];
}
