import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type handleUnaryCall, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { logsOf, type ReceivedLog, type ReceivedSpan, spansOf } from './received.ts';

/** A collector that keeps what it is sent. */
export interface OtlpReceiver {
  readonly endpoint: string;
  readonly spans: ReceivedSpan[];
  readonly logs: ReceivedLog[];
  /** Of the last request, in lower case. */
  readonly headers: Record<string, string>;
  /** What the next requests get: taken (default), refused, or no answer at all. */
  mode: 'take' | 'refuse' | 'hang';
  close(): Promise<void>;
}

export interface ReceiverOptions {
  readonly host?: string;
  /** Default: any. */
  readonly port?: number;
}

type State = Pick<OtlpReceiver, 'spans' | 'logs' | 'headers' | 'mode'>;

function keep(state: State, path: string, bytes: Uint8Array): boolean {
  if (path.endsWith('/v1/traces') || path === TRACE_SERVICE) state.spans.push(...spansOf(bytes));
  else if (path.endsWith('/v1/logs') || path === LOG_SERVICE) state.logs.push(...logsOf(bytes));
  else return false;
  return true;
}

/** OTLP over gRPC. */
export async function startGrpcReceiver({
  host = '127.0.0.1',
  port = 0,
}: ReceiverOptions = {}): Promise<OtlpReceiver> {
  const state: State = { spans: [], logs: [], headers: {}, mode: 'take' };
  const server = new Server();
  const method = (path: string) => ({
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: Buffer.from,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: Buffer.from,
    responseDeserialize: (bytes: Buffer) => bytes,
  });
  const handler =
    (path: string): handleUnaryCall<Buffer, Uint8Array> =>
    (call, answer) => {
      Object.assign(state.headers, call.metadata.getMap());
      if (state.mode === 'hang') return;
      if (state.mode === 'refuse') answer({ code: status.INVALID_ARGUMENT, details: 'no' });
      else if (keep(state, path, call.request)) answer(null, new Uint8Array());
      else answer({ code: status.UNIMPLEMENTED });
    };
  server.addService(
    { traces: method(TRACE_SERVICE), logs: method(LOG_SERVICE) },
    { traces: handler(TRACE_SERVICE), logs: handler(LOG_SERVICE) },
  );
  const bound = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, at) =>
      error === null ? resolve(at) : reject(error),
    ),
  );
  return Object.assign(state, {
    endpoint: `http://${host}:${bound}`,
    close: async () => server.forceShutdown(),
  });
}

/** OTLP as protobuf over HTTP. */
export async function startHttpReceiver({
  host = '127.0.0.1',
  port = 0,
}: ReceiverOptions = {}): Promise<OtlpReceiver> {
  const state: State = { spans: [], logs: [], headers: {}, mode: 'take' };
  const server = createServer((request, response) => void answerHttp(state, request, response));
  server.listen(port, host);
  await once(server, 'listening');
  return Object.assign(state, {
    endpoint: `http://${host}:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

async function answerHttp(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  Object.assign(state.headers, request.headers);
  const bytes = await buffer(request);
  if (state.mode === 'hang') return;
  const taken =
    state.mode === 'take' &&
    request.headers['content-type'] === 'application/x-protobuf' &&
    keep(state, request.url ?? '', bytes);
  response.writeHead(taken ? 200 : 400, { 'content-type': 'application/x-protobuf' }).end();
}

const TRACE_SERVICE = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
const LOG_SERVICE = '/opentelemetry.proto.collector.logs.v1.LogsService/Export';
