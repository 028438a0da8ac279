// WebSocket with ws against the interop server: `node websocket-client.ts HOST PORT`. Prints CheckReport lines.
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type ClientOptions, type RawData, WebSocket } from 'ws';
import { runChecks } from '../checks.ts';

const [host = '', port = ''] = process.argv.slice(2);

async function open(path: string, options: ClientOptions = {}, protocols: string[] = []): Promise<WebSocket> {
  const socket = new WebSocket(`ws://${host}:${port}${path}`, protocols, options);
  await once(socket, 'open');
  return socket;
}

async function message(socket: WebSocket): Promise<{ readonly data: Buffer; readonly binary: boolean }> {
  const [data, binary] = (await once(socket, 'message')) as [RawData, boolean];
  return { data: Buffer.from(data as Buffer), binary };
}

/** Messages are taken before the event of opening is over: a server may speak at once. */
async function firstMessage(path: string): Promise<string> {
  const socket = new WebSocket(`ws://${host}:${port}${path}`);
  const { data } = await message(socket);
  socket.close();
  return data.toString();
}

async function closingAtServer(id: string): Promise<{ readonly code: number; readonly reason: string }> {
  for (;;) {
    const closing = JSON.parse(await firstMessage(`/ws/closings?of=${id}`)) as {
      code: number;
      reason: string;
    } | null;
    if (closing !== null) return closing;
    await new Promise((settle) => setTimeout(settle, 20));
  }
}

await runChecks({
  async 'text and binary messages of every length come back as they were'() {
    const socket = await open('/ws');
    for (const length of [0, 1, 125, 126, 65_535, 65_536, 1 << 20]) {
      for (const binary of [false, true]) {
        socket.send(Buffer.alloc(length, 'm'), { binary });
        const answer = await message(socket);
        equal(answer.binary, binary);
        equal(answer.data.length, length);
        ok(answer.data.equals(Buffer.alloc(length, 'm')));
      }
    }
    socket.close();
  },
  async 'compression is agreed on end to end'() {
    const socket = await open('/ws', { perMessageDeflate: { threshold: 1 } });
    match(socket.extensions, /permessage-deflate/);
    socket.send('compressed '.repeat(1000));
    equal((await message(socket)).data.toString(), 'compressed '.repeat(1000));
    socket.close();
  },
  async 'a subprotocol is agreed on end to end'() {
    const socket = await open('/ws', {}, ['one.v1', 'two.v2']);
    equal(socket.protocol, 'two.v2');
    socket.close();
  },
  async 'a message in fragments arrives, from either side'() {
    const socket = await open('/ws');
    for (const [index, part] of ['in ', 'three ', 'parts'].entries())
      socket.send(part, { fin: index === 2, compress: false });
    equal((await message(socket)).data.toString(), 'in three parts');
    socket.close();
    equal(await firstMessage('/ws/fragments'), 'one message in parts');
  },
  async 'a server that speaks at once is heard'() {
    for (let turn = 0; turn < 20; turn++) equal(await firstMessage('/ws/first'), 'I speak first');
  },
  async 'pings are answered both ways'() {
    const socket = await open('/ws');
    socket.ping('from the client');
    const [data] = (await once(socket, 'pong')) as [Buffer];
    equal(data.toString(), 'from the client');
    socket.close();
    equal(await firstMessage('/ws/pings'), 'pong from the server');
  },
  async 'codes and reasons of a close arrive at the other side'() {
    const id = randomUUID();
    const socket = await open(`/ws?id=${id}`);
    socket.close(4001, 'genug, 終わり');
    deepEqual(await closingAtServer(id), { code: 4001, reason: 'genug, 終わり' });
    const ended = new WebSocket(`ws://${host}:${port}/ws/close?code=4321&reason=finished`);
    const [code, reason] = (await once(ended, 'close')) as [number, Buffer];
    deepEqual([code, reason.toString()], [4321, 'finished']);
  },
  async 'a connection that is cut is no clean close, from either side'() {
    const id = randomUUID();
    const socket = await open(`/ws?id=${id}`);
    socket.terminate();
    equal((await closingAtServer(id)).code, 1006);
    const cut = new WebSocket(`ws://${host}:${port}/ws/terminate`);
    cut.on('error', () => cut.terminate());
    const [code] = (await once(cut, 'close')) as [number];
    equal(code, 1006);
  },
  async 'a refusal of the server arrives with its status and headers'() {
    const refused = new WebSocket(`ws://${host}:${port}/elsewhere`);
    const [, response] = (await once(refused, 'unexpected-response')) as [
      unknown,
      { statusCode: number; headers: Record<string, string> },
    ];
    equal(response.statusCode, 403);
    equal(response.headers['x-why'], 'not-here');
    refused.on('error', () => undefined);
    refused.terminate();
    await rejects(open('/elsewhere'), /403/);
  },
  async 'a hundred sockets talk side by side, also after a silence'() {
    const sockets = await Promise.all(Array.from({ length: 100 }, () => open('/ws')));
    await new Promise((settle) => setTimeout(settle, 3000));
    await Promise.all(
      sockets.map(async (socket, index) => {
        for (let turn = 0; turn < 10; turn++) {
          socket.send(`${index} ${turn}`);
          equal((await message(socket)).data.toString(), `${index} ${turn}`);
        }
        socket.close();
      }),
    );
  },
});
