import { createServer, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { test } from 'tap';
import { bodyOf } from '../request-fixtures.ts';
import { textOf, withUpstreams } from '../support/upstream-world.ts';

test('requests of one client share kept connections, and no two clients share one', async (t) => {
  await withUpstreams({ tunnelled: true }, async (world) => {
    const connections: Socket[] = [];
    const server = plainServer((response) => response.end('ok'));
    server.on('connection', (socket: Socket) => connections.push(socket));
    await world.addEndpoint('cart-1', server);
    for (let round = 0; round < 5; round++) await world.get({ clientAddress: '10.0.0.1' });
    for (let round = 0; round < 5; round++) await world.get({ clientAddress: '10.0.0.2' });
    t.equal(connections.length, 2);
    t.strictSame(
      world.dials.map(({ client }) => client.address),
      ['10.0.0.1', '10.0.0.2'],
      'each is dialled for its client',
    );
    t.match(world.upstreams.dump(), [{ connections: 2, activeRequests: 0 }]);
  });
});

test('outside of the mesh the client cannot be told, and all share', async (t) => {
  await withUpstreams({}, async (world) => {
    await world.addEndpoint(
      'cart-1',
      plainServer((response) => response.end('ok')),
    );
    await world.get({ clientAddress: '10.0.0.1' });
    await world.get({ clientAddress: '10.0.0.2' });
    t.equal(world.dials.length, 1);
  });
});

test('requests at once get a connection each, which are kept for the next', async (t) => {
  await withUpstreams({}, async (world) => {
    const waiting: ServerResponse[] = [];
    await world.addEndpoint(
      'cart-1',
      plainServer((response) => waiting.push(response)),
    );
    const answers = [world.get(), world.get(), world.get()];
    while (waiting.length < 3) await tick();
    t.match(world.upstreams.dump(), [
      { activeRequests: 3, endpoints: [{ activeRequests: 3, connections: 3 }] },
    ]);
    for (const response of waiting.splice(0)) response.end('ok');
    await Promise.all(answers);
    const again = [world.get(), world.get(), world.get()];
    while (waiting.length < 3) await tick();
    for (const response of waiting.splice(0)) response.end('ok');
    await Promise.all(again);
    t.equal(world.dials.length, 3);
    t.match(world.upstreams.dump(), [{ activeRequests: 0, endpoints: [{ requests: 6, failures: 0 }] }]);
  });
});

test('a request whose kept connection turns out to be dead is sent on a fresh one', async (t) => {
  await withUpstreams({}, async (world) => {
    const sockets: Socket[] = [];
    const server = createTcpServer((socket) => {
      sockets.push(socket);
      let requests = 0;
      socket.on('error', () => undefined);
      socket.on('data', () => {
        requests += 1;
        // The second request on a connection finds it closed.
        if (requests === 2) socket.destroy();
        else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
      });
    });
    await world.addEndpoint('cart-1', server);
    t.match(await world.get(), { status: 200 });
    t.match(await world.get(), { status: 200 }, 'a GET may be sent twice');
    t.equal(sockets.length, 2);
    await t.rejects(
      world.get({ request: { method: 'POST' } }),
      { code: 'ERR_WAYPOINT_UPSTREAM_RESET', retryable: false, blame: 'upstream' },
      'a POST may not: it may have had its effect',
    );
    t.match(world.upstreams.dump(), [{ activeRequests: 0 }]);
  });
});

test('a connection that the server closed in the meantime is not used', async (t) => {
  await withUpstreams({}, async (world) => {
    const server = plainServer((response) => response.end('ok'));
    server.keepAliveTimeout = 20;
    // Node adds a second of grace to what it announces.
    server.keepAliveTimeoutBuffer = 1;
    await world.addEndpoint('cart-1', server);
    await world.get({ request: { method: 'POST' } });
    while (connectionsOf(world) > 0) await tick();
    t.match(await world.get({ request: { method: 'POST' } }), { status: 200 });
    t.equal(world.dials.length, 2);
  });
});

test('idle connections are closed after their time', async (t) => {
  const settings = {
    connections: { idleMs: 30, maximumAgeMs: 0, maximumRequests: 0, maximumConcurrentStreams: 100 },
  };
  await withUpstreams({ settings }, async (world) => {
    const server = plainServer((response) => response.end('ok'));
    await world.addEndpoint('cart-1', server);
    await world.get();
    t.equal(connectionsOf(world), 1);
    while (connectionsOf(world) > 0) await tick();
    while ((await openSockets(server)) > 0) await tick();
    t.pass('also at the server');
  });
});

test('a process that keeps no idle connections opens one for each request', async (t) => {
  for (const protocol of ['http1', 'http2'] as const) {
    await withUpstreams({ protocol, maximumIdleConnections: 0 }, async (world) => {
      const server =
        protocol === 'http1'
          ? plainServer((response) => response.end('ok'))
          : createHttp2Server((_request, response) => response.end('ok'));
      await world.addEndpoint('cart-1', server);
      for (let round = 0; round < 3; round++) t.match(await world.get(), { text: 'ok' });
      t.equal(world.dials.length, 3, protocol);
      t.match(world.upstreams.dump(), [{ connections: 0, activeRequests: 0 }]);
    });
  }
});

test('a connection takes so many requests, or grows so old, and no more', async (t) => {
  const connections = { idleMs: 60_000, maximumAgeMs: 0, maximumRequests: 2, maximumConcurrentStreams: 100 };
  await withUpstreams({ settings: { connections } }, async (world) => {
    await world.addEndpoint(
      'cart-1',
      plainServer((response) => response.end('ok')),
    );
    for (let round = 0; round < 4; round++) await world.get();
    t.equal(world.dials.length, 2);
    world.settings = {
      ...world.settings,
      connections: { ...connections, maximumRequests: 0, maximumAgeMs: 1 },
    };
    await world.get();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await world.get();
    t.ok(world.dials.length >= 3);
  });
});

test('HTTP/2 shares one connection for a client’s requests, up to the limit of streams', async (t) => {
  const connections = { idleMs: 60_000, maximumAgeMs: 0, maximumRequests: 0, maximumConcurrentStreams: 2 };
  await withUpstreams({ protocol: 'http2', settings: { connections } }, async (world) => {
    const streams: ServerHttp2Stream[] = [];
    const server = createHttp2Server();
    server.on('stream', (stream) => streams.push(stream));
    await world.addEndpoint('cart-1', server);
    const first = [world.get(), world.get()];
    while (streams.length < 2) await tick();
    t.equal(world.dials.length, 1);
    const third = world.get();
    while (streams.length < 3) await tick();
    t.equal(world.dials.length, 2);
    for (const stream of streams) stream.end('ok');
    t.match(await Promise.all([...first, third]), [{ text: 'ok' }, { text: 'ok' }, { text: 'ok' }]);
    t.match(world.upstreams.dump(), [{ activeRequests: 0 }]);
  });
});

test('gRPC goes over HTTP/2 whatever the port says, and its trailers come through', async (t) => {
  await withUpstreams({ protocol: 'http1' }, async (world) => {
    const server = createHttp2Server();
    server.on('stream', (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '14' }));
      stream.end('x');
    });
    await world.addEndpoint('cart-1', server);
    const response = await world.send({
      request: { version: '2', method: 'POST', headers: { 'content-type': 'application/grpc' } },
    });
    t.equal(await textOf(response), 'x');
    t.equal(response.body.trailers()?.get('grpc-status'), '14');
    t.match(world.upstreams.dump(), [{ endpoints: [{ failures: 1 }] }], 'the status in the trailers counts');
  });
});

test('a request that came as HTTP/2 reaches an HTTP/1.1 backend as that, and the other way round', async (t) => {
  await withUpstreams({ protocol: 'http1' }, async (world) => {
    const versions: string[] = [];
    const server = createServer((request, response) => {
      versions.push(request.httpVersion);
      response.end('ok');
    });
    await world.addEndpoint('cart-1', server);
    await world.get({ request: { version: '2' } });
    t.strictSame(versions, ['1.1']);
  });
  await withUpstreams({ protocol: 'http2' }, async (world) => {
    const server = createHttp2Server((_request, response) => response.end('two'));
    await world.addEndpoint('cart-1', server);
    t.match(await world.get({ request: { version: '1.1', method: 'POST', body: bodyOf('hello') } }), {
      text: 'two',
    });
  });
});

test('a connection that changes to WebSocket is handed over and counts until it ends', async (t) => {
  await withUpstreams({ protocol: 'http2' }, async (world) => {
    const server = createServer();
    server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nhi');
      socket.on('data', (data: Buffer) => socket.end(data));
    });
    await world.addEndpoint('cart-1', server);
    const response = await world.send({ request: { upgrade: 'websocket' } });
    t.equal(response.status, 101);
    t.match(world.upstreams.dump(), [{ activeRequests: 1 }]);
    const { tunnel } = response;
    tunnel?.duplex.end('you');
    let text = '';
    for await (const chunk of tunnel?.duplex ?? []) text += String(chunk);
    t.equal(text, 'hiyou');
    while (activeOf(world) > 0) await tick();
    t.match(world.upstreams.dump(), [{ activeRequests: 0, connections: 0 }]);
  });
});

test('a request with nobody left to read it frees everything it held', async (t) => {
  await withUpstreams({}, async (world) => {
    const server = plainServer(() => undefined);
    await world.addEndpoint('cart-1', server);
    const giveUp = new AbortController();
    const answer = world.send({ context: { signal: giveUp.signal } });
    while (connectionsOf(world) === 0) await tick();
    const reason = new Error('the client has gone');
    giveUp.abort(reason);
    await t.rejects(answer);
    t.match(world.upstreams.dump(), [
      { activeRequests: 0, connections: 0, endpoints: [{ activeRequests: 0, failures: 0 }] },
    ]);
    while ((await openSockets(server)) > 0) await tick();
  });
});

test('an answer that nobody reads to its end frees everything when it is thrown away', async (t) => {
  await withUpstreams({}, async (world) => {
    await world.addEndpoint(
      'cart-1',
      plainServer((response) => response.write('x'.repeat(100_000))),
    );
    const response = await world.send();
    t.match(world.upstreams.dump(), [{ activeRequests: 1 }]);
    response.body.stream?.on('error', () => undefined);
    response.body.stream?.destroy();
    while (activeOf(world) > 0) await tick();
    t.match(world.upstreams.dump(), [{ connections: 0, endpoints: [{ activeRequests: 0, failures: 0 }] }]);
  });
});

function plainServer(answer: (response: ServerResponse) => unknown): Server {
  return createServer((request, response) => {
    request.resume();
    answer(response);
  });
}

type World = Parameters<Parameters<typeof withUpstreams>[1]>[0];

function connectionsOf({ upstreams }: World): number {
  return upstreams.dump().reduce((sum, { connections }) => sum + connections, 0);
}

function activeOf({ upstreams }: World): number {
  return upstreams.dump().reduce((sum, { activeRequests }) => sum + activeRequests, 0);
}

function openSockets(server: Server): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
  );
}

function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
