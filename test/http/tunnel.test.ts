import { once } from 'node:events';
import net from 'node:net';
import { PassThrough } from 'node:stream';
import { test } from 'tap';
import WebSocket, { WebSocketServer } from 'ws';
import { type BufferAccount, type ByteStream, createBufferBudget } from '../../src/base/index.ts';
import {
  bodyOf,
  connectHttp1,
  connectHttp2,
  detectHttp,
  type HttpClientConnection,
  type HttpExchange,
  type HttpResponse,
  readBody,
  serveHttp1,
  serveHttp2,
} from '../../src/http/index.ts';
import { ownHttp2 } from '../tunnel-protocol/support/implementations.ts';
import { until, withMesh } from '../tunnel-protocol/support/tunnel-pair.ts';
import { behave, socketStream } from './support/loopback.ts';
import { requestOf } from './support/requests.ts';

const MIB = 1024 * 1024;
const HEAD = { authority: '10.0.0.1:80' };

/** Our server's end behind a tunnel whose protocol is found out, and a way to open more tunnels to it. */
async function withTunnels(
  onExchange: (exchange: HttpExchange) => void,
  work: (open: () => Promise<ByteStream>, account: BufferAccount) => Promise<void>,
): Promise<void> {
  const account = createBufferBudget().account();
  await withMesh(
    ownHttp2,
    {
      account,
      onTunnel: (tunnel) => {
        void detectHttp(tunnel.accept()).then(({ protocol, stream }) => {
          if (protocol === 'http2') serveHttp2(stream, { onExchange, account });
          else serveHttp1(stream, { onExchange });
        });
      },
    },
    async (mesh) => {
      const session = await mesh.session({ account });
      await work(async () => (await session.open(HEAD)).stream, account);
      await until(() => account.usedBytes === 0, 'every byte was read or given back');
      await until(() => session.activeStreams === 0, 'every tunnel is closed');
    },
  );
}

test('both versions run in tunnels, whole bodies both ways', async (t) => {
  await withTunnels(behave, async (open) => {
    for (const connect of [connectHttp1, connectHttp2]) {
      const connection: HttpClientConnection = connect(await open());
      for (const length of [5 * MIB, undefined]) {
        const upload = bodyOf(Buffer.alloc(5 * MIB, 'x'));
        const { status, body } = await connection.send(
          requestOf({ method: 'POST', target: '/late', body: { ...upload, length } }),
        );
        t.equal(status, 200);
        t.equal((await readBody(body, 10 * MIB)).length, 5 * MIB, connection.version);
      }
      const big = await connection.send(requestOf({ target: '/big?3000000' }));
      await readBody(big.body, 10 * MIB);
      t.same([...(big.body.trailers() ?? [])], [['x-sum', '3000000']]);
      t.equal(connection.state, 'open');
      await connection.close();
    }
  });
});

test('a cut is a cut at the other end of a tunnel', async (t) => {
  await withTunnels(behave, async (open) => {
    for (const connect of [connectHttp1, connectHttp2]) {
      const connection = connect(await open());
      const { body } = await connection.send(requestOf({ target: '/cut' }));
      await t.rejects(readBody(body, MIB), { code: 'ERR_HTTP_CUT', blame: 'upstream' }, connection.version);
      connection.destroy();
      await connection.closed;
    }
  });
});

test('who gives up at one end is told of at the other', async (t) => {
  for (const connect of [connectHttp1, connectHttp2]) {
    const exchanges: HttpExchange[] = [];
    await withTunnels(
      (exchange) => exchanges.push(exchange),
      async (open) => {
        const abort = new AbortController();
        const connection = connect(await open());
        const sending = connection.send(requestOf(), { signal: abort.signal }).catch((error) => error);
        await until(() => exchanges.length === 1, 'the request has come');
        abort.abort();
        t.match(await sending, { code: 'ERR_HTTP_ABORTED' });
        await until(() => exchanges[0]?.signal.aborted === true, 'the server knows');
        connection.destroy();
        await connection.closed;
      },
    );
  }
});

test('WebSockets go through, both ways and whole', async (t) => {
  const backend = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  backend.on('connection', (socket, request) => {
    socket.send(`hello ${request.url}`);
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  await once(backend, 'listening');
  const target = (backend.address() as net.AddressInfo).port;
  const forward = async (exchange: HttpExchange): Promise<void> => {
    const socket = net.connect({ port: target, host: '127.0.0.1', allowHalfOpen: true });
    await once(socket, 'connect');
    const upstream = connectHttp1(socketStream(socket));
    const response: HttpResponse = await upstream.send(exchange.request, { signal: exchange.signal });
    if (response.tunnel === undefined) {
      await exchange.respond(response);
      return;
    }
    const down = exchange.upgrade(response).duplex;
    const up = response.tunnel.duplex;
    down.pipe(up).pipe(down);
  };
  await withTunnels(
    (exchange) => void forward(exchange).catch((error) => exchange.abort(error)),
    async (open) => {
      const stream = await open();
      const socket = Object.assign(stream.duplex, {
        setTimeout: () => undefined,
        setNoDelay: () => undefined,
      });
      const client = new WebSocket('ws://shop/chat?x', {
        createConnection: () => socket as unknown as net.Socket,
      });
      const [greeting] = await once(client, 'message');
      t.equal(String(greeting), 'hello /chat?x');
      for (const length of [1, 70_000, 5 * MIB]) {
        client.send(Buffer.alloc(length, 'w'));
        const [echoed, isBinary] = await once(client, 'message');
        t.equal((echoed as Buffer).length, length);
        t.equal(isBinary, true);
      }
      client.close(1000, 'done');
      const [code, reason] = await once(client, 'close');
      t.equal(code, 1000);
      t.equal(String(reason), 'done');
    },
  );
  backend.close();
});

test('events of a server come one by one, not when the answer is complete', async (t) => {
  const sources: PassThrough[] = [];
  const onExchange = (exchange: HttpExchange): void => {
    const stream = new PassThrough();
    sources.push(stream);
    exchange
      .respond({
        status: 200,
        headers: exchange.request.headers,
        body: { stream, length: undefined, trailers: () => undefined },
      })
      .catch(() => undefined);
  };
  await withTunnels(onExchange, async (open) => {
    for (const connect of [connectHttp1, connectHttp2]) {
      const connection = connect(await open());
      const sending = connection.send(requestOf());
      await until(() => sources.length > 0, 'the request has come');
      const source = sources.pop();
      const { body } = await sending;
      let got = '';
      body.stream?.on('data', (chunk: Buffer) => {
        got += chunk;
      });
      for (let event = 0; event < 5; event++) {
        source?.write(`data: ${event}\n\n`);
        await until(() => got.endsWith(`data: ${event}\n\n`), 'the event has come');
      }
      source?.end();
      if (body.stream !== undefined) await once(body.stream, 'end');
      t.equal(got.split('\n\n').length, 6);
      await connection.close();
    }
  });
});
