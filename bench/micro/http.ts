import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import { type Duplex, duplexPair } from 'node:stream';
import type { ByteStream } from '../../src/base/index.ts';
import {
  bodyOf,
  connectHttp1,
  connectHttp2,
  HeaderList,
  type HttpClientConnection,
  type HttpExchange,
  NO_BODY,
  serveHttp1,
  serveHttp2,
} from '../../src/http/index.ts';

/**
 * Client and server in one process, on a pair of Duplex streams without a kernel in between: what the protocol itself costs.
 * Rates are per second of CPU, both ends together, medians of rounds that take turns, so that a busy machine does not change
 * them much; compare rows, not machines.
 * Usage: node bench/micro/http.ts [name of an implementation]
 */
const RUN_MS = 500;
const ROUNDS = 9;
/** At once, on so many connections or streams. */
const STREAMS = 16;
const REQUEST_HEADERS: readonly (readonly [string, string])[] = [
  ['user-agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36'],
  ['accept', 'application/json, text/plain, */*'],
  ['accept-encoding', 'gzip, deflate, br'],
  ['accept-language', 'en-US,en;q=0.9'],
  ['x-request-id', '0e4c9d6e-1c2b-4a49-9a3c-3f1d2a7f5b11'],
  ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
  ['cookie', 'session=1f0c8b1e; theme=dark'],
];
const RESPONSE_HEADERS: readonly (readonly [string, string])[] = [
  ['content-type', 'application/json; charset=utf-8'],
  ['cache-control', 'no-store'],
  ['date', 'Mon, 01 Jan 2029 00:00:00 GMT'],
  ['etag', '"33a64df551425fcc55e4d42a148795d9f25f89d4"'],
  ['server', 'shop/1.0'],
];
const SMALL = Buffer.alloc(1024, 'x');
const LARGE = Buffer.alloc(1024 * 1024, 'x');

/** Sends one request and resolves when its answer was read whole. */
type Send = (method: string, upload: Buffer | undefined, answer: 'small' | 'large') => Promise<void>;

interface Implementation {
  readonly name: string;
  readonly multiplexed: boolean;
  open(): { send: Send; close(): void };
}

const implementations: readonly Implementation[] = [
  { name: 'own HTTP/1.1', multiplexed: false, open: () => openOwn(serveHttp1, connectHttp1) },
  { name: 'node:http', multiplexed: false, open: openNodeHttp },
  { name: 'own HTTP/2', multiplexed: true, open: () => openOwn(serveHttp2, connectHttp2) },
  { name: 'node:http2', multiplexed: true, open: openNodeHttp2 },
];

/** What is measured, in turn for each implementation. */
const WORK: Readonly<Record<string, (send: Send) => Promise<void>>> = {
  'GET, 1 KiB back, /s': (send) => send('GET', undefined, 'small'),
  'POST 1 KiB, 1 KiB back, /s': (send) => send('POST', SMALL, 'small'),
  'down, MiB/s': (send) => send('GET', undefined, 'large'),
  'up, MiB/s': (send) => send('POST', LARGE, 'small'),
};

async function main(): Promise<void> {
  const wanted = process.argv[2];
  const runs = implementations
    .filter(({ name }) => wanted === undefined || name === wanted)
    .map((implementation) => ({
      name: implementation.name,
      width: implementation.multiplexed ? STREAMS : 1,
      connections: Array.from({ length: implementation.multiplexed ? 1 : STREAMS }, () =>
        implementation.open(),
      ),
      rates: new Map<string, number[]>(Object.keys(WORK).map((what) => [what, []])),
    }));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [what, work] of Object.entries(WORK)) {
      for (const { connections, width, rates } of runs) {
        const workers = connections.flatMap(({ send }) =>
          Array.from({ length: width }, () => () => work(send)),
        );
        const measured = await rate(workers, RUN_MS);
        // The first round only warms up.
        if (round > 0) rates.get(what)?.push(measured);
      }
    }
  }
  const rows = runs.map(({ name, rates }) => [
    name,
    Object.fromEntries([...rates].map(([what, list]) => [what, median(list).toFixed(0)])),
  ]);
  console.table(Object.fromEntries(rows));
  for (const { connections } of runs) for (const { close } of connections) close();
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function rate(workers: readonly (() => Promise<void>)[], runMs: number): Promise<number> {
  let done = 0;
  const startCpuMs = cpuMs();
  const startMs = performance.now();
  await Promise.all(
    workers.map(async (work) => {
      while (performance.now() - startMs < runMs) {
        await work();
        done += 1;
      }
    }),
  );
  return (done * 1000) / (cpuMs() - startCpuMs);
}

function openOwn(
  serve: typeof serveHttp1,
  connect: (stream: ByteStream) => HttpClientConnection,
): ReturnType<Implementation['open']> {
  const [a, b] = duplexPair({ allowHalfOpen: true });
  const server = serve(byteStream(a), { onExchange: answer });
  const client = connect(byteStream(b));
  return {
    async send(method, upload, wanted) {
      const headers = new HeaderList(REQUEST_HEADERS);
      headers.add('x-answer', wanted);
      const response = await client.send({
        version: '1.1',
        method,
        scheme: 'http',
        authority: 'shop.example:8080',
        target: '/api/v1/items?limit=20',
        headers,
        body: upload === undefined ? NO_BODY : bodyOf(upload),
        upgrade: undefined,
        expectContinue: false,
      });
      const { stream } = response.body;
      if (stream !== undefined) await once(stream.resume(), 'end');
    },
    close() {
      client.destroy();
      server.destroy();
    },
  };
}

function answer(exchange: HttpExchange): void {
  const { body, headers } = exchange.request;
  const respond = (): void => {
    const content = headers.get('x-answer') === 'large' ? LARGE : SMALL;
    exchange
      .respond({ status: 200, headers: new HeaderList(RESPONSE_HEADERS), body: bodyOf(content) })
      .catch(() => undefined);
  };
  if (body.stream === undefined) respond();
  else body.stream.on('end', respond).resume();
}

function openNodeHttp(): ReturnType<Implementation['open']> {
  const [a, b] = duplexPair();
  const server = http.createServer((request, response) => {
    request.on('end', () => {
      const content = request.headers['x-answer'] === 'large' ? LARGE : SMALL;
      response.writeHead(200, { ...Object.fromEntries(RESPONSE_HEADERS), 'content-length': content.length });
      response.end(content);
    });
    request.resume();
  });
  server.emit('connection', a);
  // node:http expects these of what it takes for a socket.
  Object.assign(b, { setKeepAlive: () => b, setTimeout: () => b, ref: () => b, unref: () => b });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  Object.assign(agent, { createConnection: () => b });
  return {
    async send(method, upload, wanted) {
      const request = http.request({
        agent,
        method,
        host: 'shop.example',
        port: 8080,
        path: '/api/v1/items?limit=20',
        headers: {
          ...Object.fromEntries(REQUEST_HEADERS),
          'x-answer': wanted,
          ...(upload === undefined ? {} : { 'content-length': upload.length }),
        },
      });
      request.end(upload);
      const [response] = await once(request, 'response');
      await once(response.resume(), 'end');
    },
    close() {
      a.destroy();
      b.destroy();
      agent.destroy();
    },
  };
}

function openNodeHttp2(): ReturnType<Implementation['open']> {
  const [a, b] = duplexPair();
  const server = http2.createServer({ maxSessionMemory: 1_000 });
  server.on('stream', (stream, headers) => {
    stream.on('end', () => {
      const content = headers['x-answer'] === 'large' ? LARGE : SMALL;
      stream.respond({
        ':status': 200,
        ...Object.fromEntries(RESPONSE_HEADERS),
        'content-length': content.length,
      });
      stream.end(content);
    });
    stream.resume();
  });
  server.emit('connection', a);
  const session = http2.connect('http://shop.example:8080', {
    createConnection: () => b,
    maxSessionMemory: 1_000,
    settings: { initialWindowSize: 1024 * 1024 },
  });
  return {
    async send(method, upload, wanted) {
      const stream = session.request({
        ':method': method,
        ':path': '/api/v1/items?limit=20',
        ...Object.fromEntries(REQUEST_HEADERS),
        'x-answer': wanted,
        ...(upload === undefined ? {} : { 'content-length': upload.length }),
      });
      stream.end(upload);
      await once(stream.resume(), 'end');
    },
    close() {
      session.destroy();
      a.destroy();
      b.destroy();
    },
  };
}

function byteStream(duplex: Duplex): ByteStream {
  return {
    duplex,
    reset: () => duplex.destroy(),
    get endedCleanly() {
      return duplex.readableEnded;
    },
  };
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

await main();
