import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request as httpRequest, type RequestOptions } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { test } from 'tap';
import {
  type AdminRoute,
  createAdminServer,
  createLogger,
  createMetricsRegistry,
  createReadiness,
  createTcpMetrics,
  logLevelRoutes,
  metricsRoutes,
  readinessRoute,
} from '../../src/telemetry/index.ts';

interface Got {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: Buffer;
}

async function ask(port: number, path: string, options: RequestOptions = {}, body?: string): Promise<Got> {
  const request = httpRequest({ host: '127.0.0.1', port, path, agent: false, ...options });
  request.end(body);
  const [response] = await once(request, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
}

async function serving(routes: readonly AdminRoute[], use: (port: number) => Promise<void>): Promise<void> {
  const server = createAdminServer({ routes });
  const { port } = await server.listen({ port: 0 });
  try {
    await use(port);
  } finally {
    await server.close();
  }
}

const echo: AdminRoute = {
  method: 'POST',
  path: '/echo',
  summary: 'says it back',
  handle: ({ body, query }) => ({ body: { body, query: query.get('q') } }),
};
const hello: AdminRoute = {
  method: 'GET',
  path: '/hello',
  summary: 'greets',
  handle: () => ({ body: 'hello\n' }),
};
const broken: AdminRoute = {
  method: 'GET',
  path: '/broken',
  summary: 'fails',
  handle: () => Promise.reject(new Error('it broke')),
};

test('a route is answered as text or JSON, and the index lists them all', async (t) => {
  await serving([hello, echo], async (port) => {
    t.match(await ask(port, '/hello'), {
      status: 200,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    });
    const said = await ask(port, '/echo?q=1', { method: 'POST' }, 'text');
    t.same(JSON.parse(String(said.body)), { body: 'text', query: '1' });
    t.match(String((await ask(port, '/')).body), /GET {2}\/hello {2}greets\nPOST \/echo {2}says it back\n/);
    const head = await ask(port, '/hello', { method: 'HEAD' });
    t.match(head, { status: 200, headers: { 'content-length': '6' } });
    t.equal(head.body.length, 0);
  });
});

test('a wrong path or method is told what there is instead', async (t) => {
  await serving([hello, echo], async (port) => {
    const lost = await ask(port, '/helo');
    t.equal(lost.status, 404);
    t.match(String(lost.body), /nothing at \/helo; there is:\nGET {2}\/hello/);
    const wrong = await ask(port, '/echo');
    t.equal(wrong.status, 405);
    t.match(String(wrong.body), /\/echo takes POST, not GET/);
    t.equal((await ask(port, '/', { method: 'DELETE' })).status, 405);
  });
});

test('a handler that fails is a 500 with its message, and the server goes on', async (t) => {
  await serving([broken, hello], async (port) => {
    const got = await ask(port, '/broken');
    t.equal(got.status, 500);
    t.match(String(got.body), /it broke/);
    t.equal((await ask(port, '/hello')).status, 200);
  });
});

test('a page of another origin cannot post, and a body is bounded', async (t) => {
  await serving([echo], async (port) => {
    const post = { method: 'POST' };
    t.equal((await ask(port, '/echo', { ...post, headers: { origin: 'http://evil.test' } }, '')).status, 403);
    const own = { ...post, headers: { origin: `http://127.0.0.1:${port}` } };
    t.equal((await ask(port, '/echo', own, '')).status, 200);
    t.equal((await ask(port, '/echo', post, 'x'.repeat(65 * 1024))).status, 413);
  });
});

test('readiness names what is waited for until nothing is', async (t) => {
  const readiness = createReadiness();
  const doneA = readiness.waitFor('a');
  const doneB = readiness.waitFor('b');
  await serving([readinessRoute(readiness)], async (port) => {
    const early = await ask(port, '/healthz/ready');
    t.equal(early.status, 500);
    t.equal(String(early.body), 'not ready, pending: a, b\n');
    doneA();
    doneA();
    t.same(readiness.pending, ['b']);
    doneB();
    const late = await ask(port, '/healthz/ready');
    t.equal(late.status, 200);
    t.equal(String(late.body), 'ready\n');
    readiness.waitFor('draining');
    t.equal((await ask(port, '/healthz/ready')).status, 500);
  });
});

test('metrics are served under both paths, compressed for whoever accepts it', async (t) => {
  const registry = createMetricsRegistry();
  createTcpMetrics({ registry });
  await serving(metricsRoutes(registry), async (port) => {
    const plain = await ask(port, '/metrics');
    t.match(plain.headers['content-type'], /^text\/plain; version=0\.0\.4/);
    t.match(String(plain.body), /# TYPE istio_tcp_connections_opened_total counter/);
    const zipped = await ask(port, '/stats/prometheus', {
      headers: { 'accept-encoding': 'deflate, gzip;q=0.5' },
    });
    t.equal(zipped.headers['content-encoding'], 'gzip');
    t.equal(String(gunzipSync(zipped.body)), String(plain.body));
    const refused = await ask(port, '/metrics', { headers: { 'accept-encoding': 'gzip;q=0' } });
    t.equal(refused.headers['content-encoding'], undefined);
  });
});

test('the log level is read, set, refused and reset', async (t) => {
  const log = createLogger({ level: 'info', stream: { write: () => true } });
  await serving(logLevelRoutes(log), async (port) => {
    const post = { method: 'POST' };
    t.match(String((await ask(port, '/logging?level=warn,access=debug', post)).body), /warn,access=debug/);
    t.equal((await ask(port, '/logging?level=loud', post)).status, 400);
    t.equal((await ask(port, '/logging', post)).status, 400);
    t.equal(log.level, 'warn,access=debug');
    await ask(port, '/logging?reset', post);
    t.match(String((await ask(port, '/logging')).body), /current log level is info/);
  });
});

test('a port that is taken, and routes that collide, are errors with a code', async (t) => {
  await serving([], async (port) => {
    const second = createAdminServer({ routes: [] });
    await t.rejects(second.listen({ port }), {
      code: 'ERR_TELEMETRY_LISTEN',
      message: `cannot listen on 127.0.0.1:${port}`,
    });
    await second.close();
  });
  t.throws(() => createAdminServer({ routes: [hello, hello] }), { code: 'ERR_TELEMETRY_ROUTE' });
  t.throws(() => createAdminServer({ routes: [{ ...hello, path: 'x' }] }), { code: 'ERR_TELEMETRY_ROUTE' });
});

test('a socket that listens already, given by its descriptor, is served', async (t) => {
  const owner = createServer();
  owner.listen(0, '127.0.0.1');
  await once(owner, 'listening');
  const { port } = owner.address() as AddressInfo;
  const { fd } = (owner as unknown as { _handle: { fd: number } })._handle;
  const script = `
    import { createAdminServer } from ${JSON.stringify(new URL('../../src/telemetry/index.ts', import.meta.url).href)};
    const server = createAdminServer({ routes: [] });
    process.stdout.write(JSON.stringify(await server.listen({ fd: 3 })));
    process.stdin.once('end', () => server.close()).resume();
  `;
  // The child inherits the socket, as two handles on one descriptor would fight in a single process.
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'inherit', fd],
  });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('both were asked for as pipes');
  const [address] = await once(stdout, 'data');
  t.same(JSON.parse(String(address)), { host: '127.0.0.1', port });
  owner.close();
  t.equal((await ask(port, '/')).status, 200);
  stdin.end();
  const [code] = await once(child, 'exit');
  t.equal(code, 0);
});

test('destroying the server ends a request that hangs, and tells its handler', async (t) => {
  let told = false;
  const started = Promise.withResolvers<void>();
  const hanging: AdminRoute = {
    method: 'GET',
    path: '/hang',
    summary: 'hangs',
    handle({ signal }) {
      started.resolve();
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          told = true;
          resolve({ body: '' });
        });
      });
    },
  };
  const server = createAdminServer({ routes: [hanging] });
  const { port } = await server.listen({ port: 0 });
  const outcome = t.rejects(ask(port, '/hang'));
  await started.promise;
  server.destroy();
  server.destroy();
  await outcome;
  await server.close();
  t.equal(told, true);
});

test('whatever bytes arrive, the server answers or hangs up, and goes on', async (t) => {
  await serving([hello, echo], async (port) => {
    const heads = fc.constantFrom(
      'GET ',
      'POST /echo',
      'GET /hello?',
      'POST /echo HTTP/1.1\r\ncontent-length: ',
      '',
    );
    const send = async (bytes: Uint8Array): Promise<void> => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => socket.destroy());
      socket.resume();
      socket.end(bytes);
      await once(socket, 'close');
    };
    await fc.assert(
      fc.asyncProperty(
        heads,
        fc.uint8Array({ maxLength: 200 }),
        fc.boolean(),
        async (head, tail, finished) => {
          await send(
            Buffer.concat([
              Buffer.from(head),
              tail,
              Buffer.from(finished ? ' HTTP/1.1\r\nhost: x\r\n\r\n' : ''),
            ]),
          );
        },
      ),
      { numRuns: 300 },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.webUrl({ withQueryParameters: true, withFragments: true }),
        fc.webPath(),
        async (url, path) => {
          t.ok([200, 404].includes((await ask(port, path || '/')).status));
          t.ok([200, 400, 404].includes((await ask(port, url)).status));
        },
      ),
      { numRuns: 50 },
    );
    t.equal((await ask(port, '/hello')).status, 200);
  });
});
