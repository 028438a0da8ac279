import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type Test, test } from 'tap';
import type { IpAddress } from '../../src/model/index.ts';
import {
  applyRedirection,
  connectTcp,
  countTrackedConnections,
  MESH_MARK,
  type NetNamespace,
  planRedirection,
  writeSysctls,
} from '../../src/net/index.ts';
import {
  CLIENT_ADDRESSES,
  createTestPair,
  enterSandbox,
  SERVER_ADDRESSES,
  type TestNamespace,
  type TestPair,
} from '../support/netns.ts';
import { ask, closeServer, dial, listen, PORT } from './echo-world.ts';

/*
 * What another mesh had redirected when it let a pod go, conntrack remembers as open, for days: with the rules it stops
 * looking. With ours it looks again, and whatever has the same ports by then would be taken for that.
 */

if (await enterSandbox(import.meta.filename, { alsoAsUser: true })) {
  for (const family of ['v4', 'v6'] as const) {
    const address = SERVER_ADDRESSES[family];

    test(`${family}: a connection from a pod outlives its capture, with the ports of one that another mesh left open`, async (t) => {
      const world = await startWorld('left-open-out', family);
      const { pair } = world;
      useOnlyPort(pair.client, 40_000);
      const proxy = await startProxy(pair.client, 15_001);
      const release = captureAsAnother(pair.client, family);
      const left = await dial(pair.client, address, PORT);
      release();
      await reset(left);
      await proxy.close();
      await world.outlivesCapture(t, pair.client);
      await world.close();
    });

    test(`${family}: a connection to a pod does, too`, async (t) => {
      const world = await startWorld('left-open-in', family);
      const { pair } = world;
      useOnlyPort(pair.client, 40_000);
      const proxy = await startProxy(pair.server, 15_006);
      const release = captureAsAnother(pair.server, family);
      const left = await dial(pair.client, address, PORT);
      release();
      await reset(left);
      await proxy.close();
      await world.outlivesCapture(t, pair.server);
      await world.close();
    });

    test(`${family}: and so it does with the ports of one that the other proxy had made in the client's name`, async (t) => {
      const world = await startWorld('left-open-name', family);
      const { pair } = world;
      const release = captureAsAnother(pair.server, family);
      const left = await connectTcp({
        namespace: pair.server.namespace,
        address: address as IpAddress,
        port: PORT,
        mark: MESH_MARK,
        sourceAddress: CLIENT_ADDRESSES[family] as IpAddress,
        timeoutMs: 5_000,
      });
      useOnlyPort(pair.client, left.localPort ?? 0);
      release();
      await reset(left);
      await world.outlivesCapture(t, pair.server);
      await world.close();
    });
  }
}

/** An application in the server's namespace that repeats what it is told. */
async function startWorld(name: string, family: 'v4' | 'v6') {
  const pair: TestPair = createTestPair(name);
  const app = await listen(pair.server, PORT, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  });
  return {
    pair,
    /** The client's next connection, in plaintext, and then this pod is captured. */
    async outlivesCapture(t: Test, pod: TestNamespace) {
      const held = await dial(pair.client, SERVER_ADDRESSES[family], PORT);
      t.equal(await ask(held, 'before'), 'before');
      await capture(pod.namespace);
      t.equal(await ask(held, 'after'), 'after');
      t.same(
        await countTrackedConnections(pod.namespace),
        { redirected: 0, marked: 0 },
        'and release has nothing to wait for',
      );
      held.end();
      await once(held.resume(), 'close');
    },
    async close() {
      await closeServer(app);
      pair.close();
    },
  };
}

/** The other mesh's, which holds what it is given until it is closed. */
async function startProxy(pod: TestNamespace, port: number): Promise<{ close(): Promise<void> }> {
  const held = new Set<Socket>();
  const server = await listen(pod, port, (socket) => void held.add(socket));
  return {
    async close() {
      for (const socket of held) await reset(socket);
      await closeServer(server);
    },
  };
}

/** All connections that are begun in a namespace from now on have this port: one that is busy comes round to it in a minute. */
function useOnlyPort({ namespace }: TestNamespace, port: number): void {
  writeSysctls(namespace, new Map([['net.ipv4.ip_local_port_range', `${port} ${port}`]]));
}

async function capture(namespace: NetNamespace): Promise<void> {
  const plan = planRedirection();
  for (const part of ['routing', 'nat-outbound', 'nat-inbound'] as const)
    await applyRedirection(namespace, plan, part);
}

/** Redirects TCP as another mesh's agent would; the function it returns takes the rules away, whatever is open. */
function captureAsAnother({ run }: TestNamespace, family: 'v4' | 'v6'): () => void {
  const [iptables, ip, everywhere] =
    family === 'v4' ? (['iptables', '-4', '0.0.0.0/0'] as const) : (['ip6tables', '-6', '::/0'] as const);
  const [theirs, mark] = ['0x539/0xfff', '0x111/0xfff'];
  const rules = [
    ['nat', 'OUTPUT', '-o', 'eth0', '-p', 'tcp', '-j', 'REDIRECT', '--to-ports', '15001'],
    ['nat', 'PREROUTING', '-i', 'eth0', '-p', 'tcp', '-j', 'REDIRECT', '--to-ports', '15006'],
    ['mangle', 'PREROUTING', '-m', 'mark', '--mark', theirs, '-j', 'CONNMARK', '--set-xmark', mark],
    ['mangle', 'OUTPUT', '-m', 'connmark', '--mark', mark, '-j', 'CONNMARK', '--restore-mark'],
  ] as const;
  for (const [table, chain, ...rule] of rules) run(iptables, '-t', table, '-A', chain, ...rule);
  const routing = ['rule', 'fwmark', mark, 'pref', '32764', 'lookup', '100'] as const;
  const route = ['route', 'local', everywhere, 'dev', 'lo', 'table', '100'] as const;
  const change = (verb: 'add' | 'del'): void => {
    for (const [object, ...parameters] of [routing, route]) run('ip', ip, object, verb, ...parameters);
  };
  change('add');
  return () => {
    for (const [table, chain, ...rule] of rules) run(iptables, '-t', table, '-D', chain, ...rule);
    change('del');
  };
}

/** No TIME-WAIT is left, in which its port would be taken. */
async function reset(socket: Socket): Promise<void> {
  socket.on('error', () => undefined);
  socket.resetAndDestroy();
  await once(socket, 'close');
}
