import { TLSSocket } from 'node:tls';
import { canonicalHeaders, delayed, durationMs, type EchoRequest, type EchoResponse } from '../http/index.ts';
import { plainAddress } from '../serving.ts';
import type { BasicEchoOptions } from './basic-options.ts';
import { echoStatus } from './echo-status.ts';

type Answer = (request: EchoRequest, response: EchoResponse) => void;

/** How echo-basic answers; `answerH2c` is for the port where it insists on HTTP/2. */
export function createBasicAnswer(options: BasicEchoOptions): {
  readonly answer: Answer;
  readonly answerH2c: Answer;
} {
  const attempts = new Map<string, number>();
  const answer: Answer = (request, response) => {
    echo(options, attempts, request, response).catch((error: unknown) => {
      options.write(`request failed: ${String(error)}`);
      response.destroy();
    });
  };
  return {
    answer,
    answerH2c(request, response) {
      if (request.httpVersionMajor === 2) {
        answer(request, response);
        return;
      }
      request.resume();
      response.statusCode = 400;
      response.end('Expected h2c request');
    },
  };
}

async function echo(
  options: BasicEchoOptions,
  attempts: Map<string, number>,
  request: EchoRequest,
  response: EchoResponse,
): Promise<void> {
  request.resume();
  const { socket, url: target = '/' } = request;
  // The harnesses count these lines to learn what was mirrored.
  options.write(
    `Echoing back request made to ${target} to client (${plainAddress(socket.remoteAddress)}:${socket.remotePort ?? 0})`,
  );
  const url = new URL(target, 'http://echo');
  const delay = url.searchParams.get('delay');
  if (delay !== null) await delayed(durationMs(delay), response);
  if (response.destroyed) return;
  for (const [name, value] of requestedHeaders(request.headers['x-echo-set-header']))
    response.setHeader(name, value);
  response.statusCode = echoStatus(url, attempts);
  response.setHeader('content-type', 'application/json');
  response.setHeader('x-content-type-options', 'nosniff');
  response.end(JSON.stringify(describe(options, request)));
}

function describe({ pod }: BasicEchoOptions, request: EchoRequest): object {
  const { headers, host } = canonicalHeaders(request.rawHeaders);
  const { socket } = request;
  return {
    path: request.url ?? '/',
    host,
    method: request.method ?? '',
    proto: request.httpVersionMajor === 2 ? 'HTTP/2.0' : `HTTP/${request.httpVersion}`,
    headers,
    httpPort: String(socket.localPort ?? ''),
    ...pod,
    ...(socket instanceof TLSSocket && { tls: describeTls(socket) }),
  };
}

function describeTls(socket: TLSSocket): object {
  return {
    version: socket.getProtocol(),
    serverName: typeof socket.servername === 'string' ? socket.servername : '',
    negotiatedProtocol: socket.alpnProtocol === false ? '' : socket.alpnProtocol,
    cipherSuite: socket.getCipher().standardName,
  };
}

/** `name:value,name:value`; a value may hold colons, and an empty one is allowed. The values of one name are joined. */
function requestedHeaders(value: string | readonly string[] | undefined): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const pair of [value ?? []].flat().flatMap((text) => text.split(','))) {
    const colon = pair.indexOf(':');
    if (colon < 1) continue;
    const name = pair.slice(0, colon).trim();
    const before = headers.get(name);
    const one = pair.slice(colon + 1).trim();
    headers.set(name, before === undefined ? one : `${before},${one}`);
  }
  return headers;
}
