import { connect } from 'node:http2';
import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { test } from 'tap';
import { systemClock } from '../../src/base/index.ts';
import {
  HeaderList,
  HttpError,
  type HttpExchange,
  type HttpResponse,
  serveHttp2,
} from '../../src/http/index.ts';
import { createTimeoutLayer } from '../../src/waypoint/layers/resilience/timeout.ts';
import { handleExchange } from '../../src/waypoint/request/handle-exchange.ts';
import { compose } from '../../src/waypoint/request/layer.ts';
import type { RequestRecord } from '../../src/waypoint/request/request-record.ts';
import { DEFAULT_TRAFFIC_SETTINGS } from '../../src/waypoint/traffic/default-settings.ts';
import { withServer } from '../http/support/loopback.ts';
import { makeContext, makeRequest, makeResponse } from './request-fixtures.ts';

const raw = (bytes: Buffer): Buffer => bytes;
const HEAD = { 'content-type': 'application/grpc' };
/** One message (gRPC over HTTP/2, Length-Prefixed-Message). */
const MESSAGE = Buffer.from([0, 0, 0, 0, 1, 7]);

interface Outcome {
  readonly messages: number;
  readonly error: Partial<ServiceError> | undefined;
  readonly record: RequestRecord;
}

/** What a client of grpc-js gets of a server's stream through a waypoint whose backend answers as told. */
async function call(
  backend: () => HttpResponse,
  options: Limits & { readonly deadlineMs?: number } = {},
): Promise<Outcome> {
  const { deadlineMs } = options;
  let outcome: Omit<Outcome, 'record'> | undefined;
  const record = await throughWaypoint(backend, options, async (port) => {
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    const deadline = deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs };
    const stream = client.makeServerStreamRequest('/t/List', raw, raw, Buffer.of(), new Metadata(), deadline);
    let messages = 0;
    stream.on('data', () => {
      messages += 1;
    });
    outcome = await new Promise((resolve) => {
      stream.on('error', (error: ServiceError) => resolve({ messages, error }));
      stream.on('end', () => resolve({ messages, error: undefined }));
    });
    client.close();
  });
  return { ...(outcome ?? missing()), record };
}

interface Limits {
  readonly requestMs?: number;
  /** How long a layer outside of the limit keeps an answer to itself. */
  readonly keptMs?: number;
}

/** Serves as a waypoint does, and lets `client` call it once. Gives the record of the call when it is over. */
async function throughWaypoint(
  backend: () => HttpResponse,
  { requestMs = 0, keptMs = 0 }: Limits,
  client: (port: number) => Promise<void>,
): Promise<RequestRecord> {
  const timeouts = { ...DEFAULT_TRAFFIC_SETTINGS.timeouts, requestMs };
  const over = Promise.withResolvers<RequestRecord>();
  const onExchange = (exchange: HttpExchange): void => {
    const { plan, ...parties } = makeContext({
      request: exchange.request,
      settings: { ...DEFAULT_TRAFFIC_SETTINGS, timeouts },
    });
    const handler = compose(
      [
        (next) => (request, context) => {
          context.onEnd(() => over.resolve(context.record));
          return next(request, context);
        },
        (next) => async (request, context) => {
          const response = await next(request, context);
          if (keptMs > 0) await delay(keptMs);
          return response;
        },
        createTimeoutLayer({ clock: systemClock }),
      ],
      async () => backend(),
    );
    void handleExchange(exchange, { ...parties, plan: () => plan }, { handler, clock: systemClock });
  };
  await withServer(serveHttp2, { onExchange }, async (port) => {
    await client(port);
    await over.promise;
  });
  return over.promise;
}

function missing(): never {
  throw new Error('nothing came');
}

function flowing(trailers?: HeaderList): { readonly stream: PassThrough; readonly response: HttpResponse } {
  const stream = new PassThrough();
  stream.write(MESSAGE);
  const body = { stream, length: undefined, trailers: () => trailers };
  return { stream, response: makeResponse(200, HEAD, body) };
}

test('a time limit that is over while messages flow is DEADLINE_EXCEEDED to a client, behind what came', async (t) => {
  const { messages, error, record } = await call(() => flowing().response, { requestMs: 200 });
  t.equal(messages, 1);
  t.match(error, { code: status.DEADLINE_EXCEEDED, details: /took longer than it may/ });
  t.match(record, { status: 200, grpcStatus: 4, error: { code: 'ERR_WAYPOINT_REQUEST_TIMEOUT' } });
});

test('a client and a waypoint whose limits end in the same moment agree', async (t) => {
  const codes = new Set<number | undefined>();
  for (let round = 0; round < 20; round++) {
    const { error } = await call(() => flowing().response, { deadlineMs: 60 });
    codes.add(error?.code);
  }
  t.same([...codes], [status.DEADLINE_EXCEEDED]);
});

test('a limit that is over before the answer is passed on is no other', async (t) => {
  const { error, record } = await call(() => flowing().response, { requestMs: 50, keptMs: 150 });
  t.equal(error?.code, status.DEADLINE_EXCEEDED);
  t.match(record, { grpcStatus: 4, error: { code: 'ERR_WAYPOINT_REQUEST_TIMEOUT' } });
});

test('a client that takes nothing is told all the same, and its call is over', {
  timeout: 20_000,
}, async (t) => {
  const { stream, response } = flowing();
  stream.write(Buffer.alloc(200_000));
  const told = Promise.withResolvers<unknown>();
  const record = await throughWaypoint(
    () => response,
    { requestMs: 200 },
    async (port) => {
      const session = connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 100 } });
      const request = session.request({ ':method': 'POST', ':path': '/', ...HEAD });
      request.on('trailers', (trailers) => told.resolve(trailers['grpc-status']));
      request.end();
      // Its window is given back by reading alone.
      await delay(1_000);
      request.resume();
      await told.promise;
      session.destroy();
    },
  );
  t.equal(await told.promise, '4');
  t.match(record, { grpcStatus: 4 });
  t.ok(record.durationMs < 1_000, 'it did not wait for the client');
});

test('what a backend cuts stays a cut, whatever came before', async (t) => {
  const { stream, response } = flowing();
  const cut = new HttpError({ code: 'ERR_HTTP_CUT', blame: 'upstream', message: 'gone' });
  setTimeout(() => stream.destroy(cut), 50);
  const { error, record } = await call(() => response, { requestMs: 60_000 });
  t.equal(error?.code, status.INTERNAL);
  t.equal(record.grpcStatus, undefined);
});

test('the status that a call ended with is recorded, from behind its messages or from its head', async (t) => {
  const behind = flowing(new HeaderList([['grpc-status', '0']]));
  behind.stream.end();
  t.match(await call(() => behind.response), { messages: 1, error: undefined, record: { grpcStatus: 0 } });
  const alone = await call(() => makeResponse(200, { ...HEAD, 'grpc-status': '5', 'grpc-message': 'none' }));
  t.match(alone, { error: { code: status.NOT_FOUND, details: 'none' }, record: { grpcStatus: 5 } });
  const refused = await call(() => {
    throw new HttpError({ code: 'ERR_HTTP_CUT', blame: 'upstream', message: 'gone' });
  });
  t.type(refused.record.grpcStatus, 'number');
  t.equal(refused.error?.code, refused.record.grpcStatus);
  const odd = await call(() => makeResponse(200, { ...HEAD, 'grpc-status': 'fine' }));
  t.equal(odd.record.grpcStatus, undefined);
});

test('an answer with an announced length is cut, and one over HTTP/1.1, where nobody may read what is behind it', async (t) => {
  const { response } = flowing();
  const body = { ...response.body, length: 100 };
  const cut = await call(() => ({ ...response, body }), { requestMs: 100 });
  t.equal(cut.error?.code, status.INTERNAL);
  const trailersOf = async (version: '1.1' | '2') => {
    const given = Promise.withResolvers<HttpResponse>();
    const stream = new PassThrough();
    const response = makeResponse(200, HEAD, { stream, length: undefined, trailers: () => undefined });
    const request = makeRequest({ version, headers: HEAD });
    const { client, dialled, plan } = makeContext({ request });
    const exchange: HttpExchange = {
      ...{ request, receivedBytes: 0, sentBytes: 0, signal: new AbortController().signal },
      informational: () => undefined,
      respond: async (answer) => given.resolve(answer),
      upgrade: () => missing(),
      abort: () => undefined,
    };
    const connection = { client, dialled, plan: () => plan };
    await handleExchange(exchange, connection, { handler: async () => response, clock: systemClock });
    return (await given.promise).body.trailersOfCut;
  };
  t.equal(await trailersOf('1.1'), undefined);
  t.type(await trailersOf('2'), 'function');
});
