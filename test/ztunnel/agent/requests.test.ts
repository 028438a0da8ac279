import { test } from 'tap';
import { openListener } from '../../../src/net/index.ts';
import { enterSandbox } from '../../support/netns.ts';
import { exchange, servePod } from '../support/programs.ts';
import { openDescriptors, withAgents } from './support/agent-mesh.ts';
import { closeSync } from 'node:fs';

if (await enterSandbox(import.meta.filename, { timeoutSeconds: 240 })) {
  test(
    'a packet that makes no sense is refused with a reason, and harms nothing else',
    withAgents(async (t, { mesh, nodes: [one, two], agents, addPod, startProxy }) => {
      const client = addPod(one, 'client');
      const server = addPod(two, 'server');
      const spare = addPod(one, 'spare');
      await agents[0].setPods({ [client.uid]: client.cached });
      await agents[1].setPods({ [server.uid]: server.cached });
      await Promise.all([startProxy(one), startProxy(two)]);
      await Promise.all(mesh.proxies.map(({ ready }) => ready));
      const [proxy] = mesh.proxies;
      const echo = await servePod(server.pod, 8080, (socket) => socket.pipe(socket));
      const target = { address: server.pod.v4, port: 8080 };
      t.same(await exchange(client.pod, target, 'before'), { text: 'before', how: 'end' });

      const add = addRequest('a-uid', 'spare', 'shop', 'spare');
      const netns = `/run/netns/${spare.pod.name}`;
      const before = openDescriptors();
      for (const [what, hex, files, problem] of [
        ['garbage', 'ffffffffffff', [], /6 bytes that are none/],
        ['garbage with descriptors', 'ffffffffffff', [netns, netns], /6 bytes that are none/],
        ['nothing known', '4a00', [], /expected add, keep, del or snapshot_sent/],
        ['more than 1,024 bytes', '00'.repeat(1_025), [netns], /at most 1024 bytes/],
        ['no namespace', add, [], /expected one descriptor.* got 0/],
        ['two namespaces', add, [netns, netns], /expected one descriptor.* got 2/],
        ['too many', add, Array.from({ length: 20 }, () => netns), /no more than a few descriptors/],
        ['a file', add, ['/etc/passwd'], /it is no network namespace/],
        ['another kind of namespace', add, ['/proc/self/ns/mnt'], /it is no network namespace/],
        ["the proxy's own", add, ['/proc/self/ns/net'], /the one that this process is in/],
        ['a name that is none', addRequest('u', 'spare', 'not/a namespace', 'x'), [netns], /spiffe/],
        ['a second snapshot', '1a00', [], /expected one snapshot/],
      ] as const)
        t.match(await agents[0].raw(hex, files), problem, what);
      t.equal(openDescriptors(), before, 'no descriptor is left');
      t.equal(proxy?.pods().length, 1);
      t.notOk(
        agents[0].events.some(({ event }) => event === 'gone'),
        'the connection lives on',
      );
      t.same(await exchange(client.pod, target, 'after'), { text: 'after', how: 'end' });
      t.equal(await agents[0].add(spare.uid, spare.cached), '');
      await echo.close();
    }),
  );

  test(
    'a snapshot with a gap lets nobody go',
    withAgents(async (t, { mesh, nodes: [one], agents, addPod, startProxy }) => {
      const client = addPod(one, 'client');
      await agents[0].setPods({ [client.uid]: client.cached });
      const proxy = await startProxy(one);
      await proxy.ready;
      // In place of the pod there is one without a name, and one in a namespace that is none.
      await agents[0].setPods({ nameless: { ...client.cached, name: '' } });
      await agents[0].restart();
      const snapshots = () => agents[0].events.filter(({ event }) => event === 'snapshot');
      await mesh.until('another snapshot', () => snapshots().length === 2);
      t.match(snapshots()[1]?.errors?.nameless, /add.workload_info.name/);
      t.same(
        proxy.pods().map(({ pod, state }) => [pod.name, state.kind]),
        [['client', 'captured']],
      );
      await agents[0].setPods({ [client.uid]: { ...client.cached, netns: '/etc/passwd' } });
      await agents[0].restart();
      await mesh.until('and another', () => snapshots().length === 3);
      t.match(snapshots()[2]?.errors?.[client.uid], /no network namespace/);
      t.same(
        proxy.pods().map(({ pod }) => pod.name),
        ['client'],
        'who is mentioned stays, however badly',
      );
      const invented = Array.from({ length: 4_100 }, (_, index) => [
        `u-${index}`,
        { ...client.cached, netns: null },
      ]);
      await agents[0].setPods(Object.fromEntries(invented));
      await agents[0].restart();
      await mesh.until('one of more pods than a node has', () => snapshots().length === 4);
      const refused = Object.values(snapshots()[3]?.errors ?? {});
      t.equal(refused.length, 4);
      t.match(refused[0], /at most 4096 pods on a node/);
      t.equal(proxy.pods().length, 1, 'lets nobody go either');
    }),
  );

  test(
    'a pod that cannot be served is refused, tried again, and served as soon as it can be',
    withAgents(async (t, { mesh, nodes: [one], agents, addPod, startProxy }) => {
      const pod = addPod(one, 'client');
      const proxy = await startProxy(one);
      await proxy.ready;
      const inTheWay = openListener(pod.pod.netns.namespace, { address: '::', port: 15_001, mark: 0 });
      t.match(await agents[0].add(pod.uid, pod.cached), /EADDRINUSE/);
      t.same(
        proxy.pods().map(({ state }) => state.kind),
        ['waiting'],
      );
      closeSync(inTheWay);
      await mesh.until('it is tried again', () => proxy.pods()[0]?.state.kind === 'captured', 10_000);

      const another = addPod(one, 'another');
      const again = openListener(another.pod.netns.namespace, { address: '::', port: 15_001, mark: 0 });
      t.match(await agents[0].add(another.uid, another.cached), /EADDRINUSE/);
      const before = openDescriptors();
      t.same(await agents[0].del(another.uid), ['']);
      t.equal(proxy.pods().length, 1, 'who is taken away is not tried any more');
      t.equal(openDescriptors(), before - 1);
      closeSync(again);
    }),
  );

  test(
    'without an authority that signs, a pod is refused before its agent gives up waiting, and served later',
    withAgents(async (t, { mesh, nodes: [one], agents, addPod, startProxy }) => {
      const proxy = await startProxy(one);
      await proxy.ready;
      const pod = addPod(one, 'client');
      await mesh.controller.stop();
      t.match(await agents[0].add(pod.uid, pod.cached), /is not served yet after 4000 ms/);
      t.equal(
        await agents[0].raw(Buffer.from('2a030a0178', 'hex').toString('hex')),
        '',
        'answers stay in order',
      );
      await mesh.controller.start();
      await mesh.until('it is served', () => proxy.pods()[0]?.state.kind === 'captured', 20_000);
    }),
  );

  test(
    'while one ztunnel takes over from another, the newest gets new pods and both let go of old ones',
    withAgents(async (t, { mesh, nodes: [one], agents, addPod, startProxy }) => {
      const first = addPod(one, 'first');
      const second = addPod(one, 'second');
      await agents[0].setPods({ [first.uid]: first.cached });
      const older = await startProxy(one);
      await older.ready;
      const newer = await startProxy(one);
      await newer.ready;
      t.equal(agents[0].events.filter(({ event }) => event === 'hello').at(-1)?.connections, 2);
      t.equal(await agents[0].add(second.uid, second.cached), '');
      const served = () => [older, newer].map((proxy) => proxy.pods().map(({ pod }) => pod.name));
      t.same(served(), [['first'], ['first', 'second']]);
      t.same(await agents[0].del(first.uid), ['', '']);
      await mesh.until('both have let go', () => older.pods().length === 0 && newer.pods().length === 1);
      await older.close();
      await mesh.until('one connection is left', () => agents[0].events.at(-1)?.connections === 1);
      t.equal(await agents[0].add(first.uid, first.cached), '');
      t.same(served(), [[], ['second', 'first']]);
    }),
  );
}

function addRequest(uid: string, name: string, namespace: string, account: string): string {
  const info = Buffer.concat([text(1, name), text(2, namespace), text(3, account)]);
  const body = Buffer.concat([text(1, uid), text(2, info)]);
  return text(1, body).toString('hex');
}

function text(number: number, value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}
