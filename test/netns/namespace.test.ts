import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { existsSync, fstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { test } from 'tap';
import type { IpAddress } from '../../src/model/index.ts';
import {
  connectTcp,
  createNamedNamespace,
  deleteNamedNamespace,
  openListener,
  openNamespace,
  originalDestination,
  readSysctls,
  tuneAccepted,
  writeSysctls,
} from '../../src/net/index.ts';
import { createTestNamespace, createTestPair, endProcess, enterSandbox } from '../support/netns.ts';

if (await enterSandbox(import.meta.filename)) {
  test('work inside a namespace sees that namespace, and the thread comes back', async (t) => {
    const home = readlinkSync('/proc/thread-self/ns/net');
    const pod = createTestNamespace('inside');
    const { namespace } = pod;
    const inside = namespace.inside(() => readlinkSync('/proc/thread-self/ns/net'));
    t.equal(inside, `net:[${namespace.inode}]`);
    t.not(inside, home);
    t.equal(readlinkSync('/proc/thread-self/ns/net'), home);
    t.throws(() => namespace.inside(() => JSON.parse('{')), SyntaxError);
    t.equal(readlinkSync('/proc/thread-self/ns/net'), home, 'also after a failure');
    t.throws(() => namespace.inside(async () => 1), { code: 'ERR_NET_NAMESPACE_ASYNC' });
    const other = createTestNamespace('other');
    const nested = namespace.inside(() => [
      other.namespace.inside(() => readlinkSync('/proc/thread-self/ns/net')),
      readlinkSync('/proc/thread-self/ns/net'),
    ]);
    t.same(nested, [`net:[${other.namespace.inode}]`, inside], 'one inside another');
    other.close();
    pod.close();
    t.throws(() => namespace.inside(() => 1), { code: 'ERR_NET_NAMESPACE_GONE' });
  });

  test('the threads that resolve names and read files belong to the process, not to a pod', async (t) => {
    const pod = createTestNamespace('threads');
    // Were the pool started inside, its threads would stay there.
    await pod.namespace.inside(() => ({ later: lookup('localhost') })).later;
    const home = readlinkSync('/proc/thread-self/ns/net');
    const places = readdirSync('/proc/self/task').map((thread) =>
      readlinkSync(`/proc/self/task/${thread}/ns/net`),
    );
    t.same([...new Set(places)], [home]);
    pod.close();
  });

  test('a named namespace is made once, found by others and deleted any number of times', async (t) => {
    const path = createNamedNamespace('named');
    t.throws(() => createNamedNamespace('named'), { code: 'ERR_NET_NAMESPACE_EXISTS' });
    const first = openNamespace(path);
    const second = openNamespace(path);
    t.equal(first.inode, second.inode);
    t.equal(first.device, second.device);
    first.close();
    first.close();
    deleteNamedNamespace('named');
    deleteNamedNamespace('named');
    t.equal(existsSync(path), false);
    t.equal(
      second.inside(() => readFileSync('/proc/thread-self/net/dev', 'utf8').includes('lo:')),
      true,
      'still held',
    );
    second.close();
  });

  test('settings are read and written where they are asked for', async (t) => {
    const pod = createTestNamespace('settings');
    const name = 'net.ipv4.tcp_migrate_req';
    writeSysctls(pod.namespace, new Map([[name, '1']]));
    t.equal(pod.run('sysctl', '-n', name).trim(), '1');
    t.equal(readFileSync('/proc/sys/net/ipv4/tcp_migrate_req', 'utf8').trim(), '0', 'not here');
    t.same([...readSysctls(pod.namespace, [name, 'net.ipv4.no_such_thing'])], [[name, '1']]);
    t.throws(() => writeSysctls(pod.namespace, new Map([[name, 'seven']])), { code: 'ERR_NET_SYSTEM_CALL' });
    pod.close();
  });

  test('a listener hands no-delay, keep-alive and mark down to what it accepts', async (t) => {
    const pod = createTestNamespace('options');
    const server = await listen(openListener(pod.namespace, { address: '::', port: 15008, reusePort: true }));
    const accepted = once(server, 'connection');
    const socket = await connectTcp({
      namespace: pod.namespace,
      address: '127.0.0.1' as IpAddress,
      port: 15008,
      timeoutMs: 5000,
      mark: 0x539,
    });
    const [connection] = await accepted;
    const sockets = pod.run('ss', '-tnoe', 'state', 'established');
    t.equal(
      sockets.match(/timer:\(keepalive,(2min59|3min)/g)?.length,
      2,
      'three minutes of idling on both ends',
    );
    t.equal(sockets.match(/fwmark:0x539/g)?.length, 2);
    t.equal(connection.remoteAddress, '::ffff:127.0.0.1');
    t.same(originalDestination(connection) ?? 'untracked', 'untracked', 'conntrack is not on');
    tuneAccepted(connection, { idleMs: 60_000, intervalMs: 5000, probes: 3 });
    t.match(
      pod.run('ss', '-tnoe', 'state', 'established'),
      /timer:\(keepalive,(59sec|1min)/,
      'or set on one alone',
    );
    const second = openListener(pod.namespace, { address: '::', port: 15008, reusePort: true });
    t.ok(fstatSync(second).isSocket(), 'a second generation shares the port');
    const shared = await listen(second);
    socket.destroy();
    connection.destroy();
    for (const open of [server, shared]) await close(open);
    pod.close();
  });

  test('a connection without a route, and one without an answer, fail each in its way', async (t) => {
    const pair = createTestPair('unreachable');
    pair.client.run('ip', 'route', 'del', 'default');
    const options = { namespace: pair.client.namespace, port: 80, timeoutMs: 5000 };
    await t.rejects(connectTcp({ ...options, address: '192.0.2.1' as IpAddress }), {
      code: 'ERR_NET_CONNECT_UNREACHABLE',
      retryable: true,
    });
    pair.server.run('iptables', '-A', 'INPUT', '-j', 'DROP');
    await t.rejects(connectTcp({ ...options, address: '10.1.0.2' as IpAddress, timeoutMs: 100 }), {
      code: 'ERR_NET_CONNECT_TIMEOUT',
      retryable: true,
    });
    await t.rejects(
      connectTcp({ ...options, address: '10.1.0.2' as IpAddress, signal: AbortSignal.timeout(50) }),
      { code: 'ERR_NET_CONNECT_ABORTED', retryable: false },
    );
    pair.close();
  });

  test('processes can be run inside and end when told', async (t) => {
    const pod = createTestNamespace('processes');
    const child = pod.start('sleep', '60');
    t.equal(readlinkSync(`/proc/${child.pid}/ns/net`), `net:[${pod.namespace.inode}]`);
    await endProcess(child);
    await endProcess(child);
    pod.close();
  });

  test('nothing of all this is left open', async (t) => {
    const targets = readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)];
      } catch {
        // The descriptor that listed the folder.
        return [];
      }
    });
    t.equal(
      targets.filter((target) => target.startsWith('net:[')).length,
      1,
      'one handle: of the own namespace',
    );
    t.same(readdirSync('/run/netns'), []);
  });
}

async function listen(fd: number): Promise<Server> {
  const server = createServer({ allowHalfOpen: true });
  server.listen({ fd });
  await once(server, 'listening');
  return server;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
