import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { test } from 'tap';
import type { IpAddress } from '../../src/model/index.ts';
import {
  applyRedirection,
  connectTcp,
  listTcpConnections,
  MESH_MARK,
  openListener,
  originalDestination,
  planRedirection,
  removeRedirection,
  resetTcpConnections,
  trackedConnections,
} from '../../src/net/index.ts';
import {
  CLIENT_ADDRESSES,
  createTestPair,
  enterSandbox,
  SERVER_ADDRESSES,
  type TestNamespace,
  type TestPair,
} from '../support/netns.ts';

const PORT = 8080;

if (await enterSandbox(import.meta.filename, { alsoAsUser: true })) {
  for (const family of ['v4', 'v6'] as const) {
    test(`connections of ${family} survive capture and release, and only new ones are captured`, async (t) => {
      const pair = createTestPair(`held-${family}`);
      const world = await startWorld(pair);
      const address = SERVER_ADDRESSES[family];
      const plan = planRedirection();

      const older = await world.dial(address);
      t.equal(await ask(older, 'a'), `app sees ${CLIENT_ADDRESSES[family]}: a`);

      await applyRedirection(pair.server.namespace, plan, 'routing');
      t.equal(await ask(older, 'b'), `app sees ${CLIENT_ADDRESSES[family]}: b`, 'after the routing part');
      const between = await world.dial(address);
      t.match(await ask(between, 'b2'), /^app sees/, 'the routing part captures nothing');

      await applyRedirection(pair.server.namespace, plan, 'nat');
      t.equal(await ask(older, 'c'), `app sees ${CLIENT_ADDRESSES[family]}: c`, 'after the nat part');
      t.equal(await ask(between, 'c2'), `app sees ${CLIENT_ADDRESSES[family]}: c2`);

      const captured = await world.dial(address);
      t.equal(
        await ask(captured, 'd'),
        `through the proxy for ${address}:${PORT}: app sees ${CLIENT_ADDRESSES[family]}: d`,
      );
      t.match(trackedConnections(pair.server.namespace), { redirected: 1, marked: 1 });

      await applyRedirection(pair.server.namespace, plan, 'nat');
      await applyRedirection(pair.server.namespace, plan, 'routing');
      t.match(await ask(captured, 'e'), /^through the proxy .*: e$/, 'applying again harms nobody');
      t.match(await ask(older, 'e'), /^app sees .*: e$/);

      await removeRedirection(pair.server.namespace, plan, 'nat-inbound');
      await removeRedirection(pair.server.namespace, plan, 'nat-outbound');
      t.match(await ask(older, 'f'), /^app sees .*: f$/, 'after phase one');
      t.match(await ask(captured, 'f'), /^through the proxy .*: f$/, 'captured ones live on');
      const newer = await world.dial(address);
      t.match(await ask(newer, 'g'), /^app sees/, 'new ones are no longer captured');

      captured.end();
      captured.resume();
      await once(captured, 'close');
      await until(() => {
        const tracked = trackedConnections(pair.server.namespace);
        return tracked.redirected === 0 && tracked.marked === 0;
      });

      await removeRedirection(pair.server.namespace, plan, 'routing');
      t.match(await ask(older, 'h'), /^app sees .*: h$/, 'after phase two');
      t.match(await ask(between, 'h'), /^app sees .*: h$/);
      t.match(await ask(newer, 'h'), /^app sees .*: h$/);
      const last = await world.dial(address);
      t.match(await ask(last, 'i'), /^app sees/);

      for (const socket of [older, between, newer, last]) socket.destroy();
      await world.close();
      pair.close();
    });
  }

  for (const alreadyTracked of [false, true]) {
    const how = alreadyTracked ? 'that conntrack knew before' : 'that nothing tracked';
    test(`connections from the pod ${how} outlive capture and release`, async (t) => {
      const pair = createTestPair(`leaving-${alreadyTracked}`);
      const { namespace } = pair.client;
      if (alreadyTracked) pair.client.run('iptables', '-A', 'INPUT', '-m', 'conntrack', '--ctstate', 'NEW');
      const app = await listen(pair.server, PORT, (socket) => socket.pipe(socket));
      const proxy = await listen(pair.client, 15001, (socket) => socket.destroy());
      const plan = planRedirection();
      const held = [
        await dial(pair.client, SERVER_ADDRESSES.v4, PORT),
        await dial(pair.client, SERVER_ADDRESSES.v6, PORT),
      ];
      const all = async (word: string): Promise<void> => {
        for (const socket of held) t.equal(await ask(socket, word), word);
      };
      await applyRedirection(namespace, plan, 'routing');
      await all('marked');
      await applyRedirection(namespace, plan, 'nat');
      await all('captured');
      t.same(trackedConnections(namespace), { redirected: 0, marked: 0 });
      await removeRedirection(namespace, plan, 'nat-inbound');
      await removeRedirection(namespace, plan, 'nat-outbound');
      await all('phase one');
      await removeRedirection(namespace, plan, 'routing');
      await all('phase two');
      for (const socket of held) {
        socket.end();
        await once(socket.resume(), 'close');
      }
      await closeServer(app);
      await closeServer(proxy);
      pair.close();
    });
  }

  test('what leaves the pod is captured with its destination, and excluded destinations are not', async (t) => {
    const pair = createTestPair('outbound');
    const seen: string[] = [];
    const remote = await listen(pair.server, PORT, (socket) => socket.end('direct'));
    const excluded = await listen(pair.server, 9090, (socket) => socket.end('direct'));
    const proxy = await listen(pair.client, 15001, (socket) => {
      const destination = originalDestination(socket);
      seen.push(`${destination?.address} ${destination?.port}`);
      socket.end('captured');
    });
    const { namespace } = pair.client;
    const plan = planRedirection({ excludedOutboundPorts: [9090] });
    await applyRedirection(namespace, plan, 'routing');
    await applyRedirection(namespace, plan, 'nat');

    t.equal(await fetch4(pair.client, SERVER_ADDRESSES.v4, PORT), 'captured');
    t.equal(await fetch4(pair.client, SERVER_ADDRESSES.v6, PORT), 'captured');
    t.equal(await fetch4(pair.client, '10.96.0.10', 80), 'captured', 'an address that nobody has');
    t.same(seen, ['10.1.0.2 8080', 'fd01::2 8080', '10.96.0.10 80']);
    t.equal(await fetch4(pair.client, SERVER_ADDRESSES.v4, 9090), 'direct');
    t.equal(await fetch4(pair.client, SERVER_ADDRESSES.v6, 9090), 'direct');
    t.equal(await fetch4(pair.client, SERVER_ADDRESSES.v4, PORT, MESH_MARK), 'direct', 'our own mark passes');

    await removeRedirection(namespace, plan, 'nat');
    t.equal(await fetch4(pair.client, SERVER_ADDRESSES.v4, PORT), 'direct');
    await removeRedirection(namespace, plan, 'routing');
    for (const server of [remote, excluded, proxy]) await closeServer(server);
    pair.close();
  });

  test('connections older than the enrolment can be listed and reset', async (t) => {
    const pair = createTestPair('older');
    const server = await listen(pair.server, PORT, (socket) => socket.on('error', () => undefined));
    const sockets = [
      await dial(pair.client, SERVER_ADDRESSES.v4, PORT),
      await dial(pair.client, SERVER_ADDRESSES.v6, PORT),
    ];
    // A connection that nobody has accepted yet has no inode.
    await until(() => listTcpConnections(pair.server.namespace).every(({ inode }) => inode > 0));
    const connections = listTcpConnections(pair.server.namespace);
    t.same(
      connections
        .map(({ local, remote, state }) => [local.address, local.port, remote.address, state])
        .sort(),
      [
        ['10.1.0.2', PORT, '10.1.0.1', 'established'],
        ['fd01::2', PORT, 'fd01::1', 'established'],
      ],
    );
    const failures = sockets.map(async (socket) => (await once(socket, 'error'))[0].code);
    resetTcpConnections(pair.server.namespace, connections);
    t.same(await Promise.all(failures), ['ECONNRESET', 'ECONNRESET']);
    resetTcpConnections(pair.server.namespace, connections);
    t.same(listTcpConnections(pair.server.namespace), [], 'again is no error');
    await closeServer(server);
    pair.close();
  });
}

/** The application and an inbound proxy in the server's namespace; the proxy dials the app under the client's address. */
async function startWorld({ client, server }: TestPair): Promise<{
  dial(address: string): Promise<Socket>;
  close(): Promise<void>;
}> {
  const app = await listen(server, PORT, (socket) => {
    const seenAs = socket.remoteAddress?.replace('::ffff:', '');
    socket.on('data', (chunk) => socket.write(`app sees ${seenAs}: ${chunk}`));
    socket.on('end', () => socket.end());
  });
  const proxy = await listen(server, 15006, async (socket) => {
    const destination = originalDestination(socket);
    if (destination === undefined) throw new Error('no original destination');
    const upstream = await connectTcp({
      namespace: server.namespace,
      ...destination,
      mark: MESH_MARK,
      sourceAddress: socket.remoteAddress?.replace('::ffff:', '') as IpAddress,
      timeoutMs: 5000,
    });
    const name = destination.address;
    socket.on('data', (chunk) => upstream.write(chunk));
    upstream.on('data', (chunk) =>
      socket.write(`through the proxy for ${name}:${destination.port}: ${chunk}`),
    );
    socket.on('end', () => upstream.end());
    upstream.on('end', () => socket.end());
  });
  return {
    dial: (address) => dial(client, address, PORT),
    async close() {
      await closeServer(app);
      await closeServer(proxy);
    },
  };
}

async function listen(
  { namespace }: TestNamespace,
  port: number,
  onConnection: (socket: Socket) => void,
): Promise<Server> {
  const fd = openListener(namespace, { address: '::', port, transparent: true, reusePort: true });
  const server = createServer({ allowHalfOpen: true }, onConnection);
  server.listen({ fd });
  await once(server, 'listening');
  return server;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function dial({ namespace }: TestNamespace, address: string, port: number, mark?: number): Promise<Socket> {
  return connectTcp({
    namespace,
    address: address as IpAddress,
    port,
    timeoutMs: 5000,
    ...(mark === undefined ? {} : { mark }),
  });
}

async function fetch4(from: TestNamespace, address: string, port: number, mark?: number): Promise<string> {
  const socket = await dial(from, address, port, mark);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  socket.end();
  await once(socket, 'close');
  return text;
}

async function ask(socket: Socket, word: string): Promise<string> {
  const answer = once(socket, 'data', { signal: AbortSignal.timeout(5000) });
  socket.write(word);
  const [chunk] = await answer;
  return String(chunk);
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('it did not come to that within 5 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
