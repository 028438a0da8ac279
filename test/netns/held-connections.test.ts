import { once } from 'node:events';
import { test } from 'tap';
import {
  applyRedirection,
  countTrackedConnections,
  listTcpConnections,
  MESH_MARK,
  originalDestination,
  planRedirection,
  removeRedirection,
  resetTcpConnections,
} from '../../src/net/index.ts';
import { CLIENT_ADDRESSES, createTestPair, enterSandbox, SERVER_ADDRESSES } from '../support/netns.ts';
import { ask, closeServer, dial, listen, PORT, readFrom, startWorld, until } from './echo-world.ts';

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
      t.match(await countTrackedConnections(pair.server.namespace), { redirected: 1, marked: 1 });

      await applyRedirection(pair.server.namespace, plan, 'nat');
      await applyRedirection(pair.server.namespace, plan, 'routing');
      t.match(await ask(captured, 'e'), /^through the proxy .*: e$/, 'applying again harms nobody');
      t.match(await ask(older, 'e'), /^app sees .*: e$/);

      await removeRedirection(pair.server.namespace, 'nat-inbound');
      await removeRedirection(pair.server.namespace, 'nat-outbound');
      t.match(await ask(older, 'f'), /^app sees .*: f$/, 'after phase one');
      t.match(await ask(captured, 'f'), /^through the proxy .*: f$/, 'captured ones live on');
      const newer = await world.dial(address);
      t.match(await ask(newer, 'g'), /^app sees/, 'new ones are no longer captured');

      captured.end();
      captured.resume();
      await once(captured, 'close');
      await until(async () => {
        const tracked = await countTrackedConnections(pair.server.namespace);
        return tracked.redirected === 0 && tracked.marked === 0;
      });

      await removeRedirection(pair.server.namespace, 'routing');
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
      t.same(await countTrackedConnections(namespace), { redirected: 0, marked: 0 });
      await removeRedirection(namespace, 'nat-inbound');
      await removeRedirection(namespace, 'nat-outbound');
      await all('phase one');
      await removeRedirection(namespace, 'routing');
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

    t.equal(await readFrom(pair.client, SERVER_ADDRESSES.v4, PORT), 'captured');
    t.equal(await readFrom(pair.client, SERVER_ADDRESSES.v6, PORT), 'captured');
    t.equal(await readFrom(pair.client, '10.96.0.10', 80), 'captured', 'an address that nobody has');
    t.same(seen, ['10.1.0.2 8080', 'fd01::2 8080', '10.96.0.10 80']);
    t.equal(await readFrom(pair.client, SERVER_ADDRESSES.v4, 9090), 'direct');
    t.equal(await readFrom(pair.client, SERVER_ADDRESSES.v6, 9090), 'direct');
    t.equal(
      await readFrom(pair.client, SERVER_ADDRESSES.v4, PORT, MESH_MARK),
      'direct',
      'our own mark passes',
    );

    await removeRedirection(namespace, 'nat');
    t.equal(await readFrom(pair.client, SERVER_ADDRESSES.v4, PORT), 'direct');
    await removeRedirection(namespace, 'routing');
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
