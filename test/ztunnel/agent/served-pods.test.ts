import { test } from 'tap';
import { enterSandbox } from '../../support/netns.ts';
import { dialFrom, exchange, readAll, servePod } from '../support/programs.ts';
import { tapWire } from '../support/wiretap.ts';
import { withAgents } from './support/agent-mesh.ts';

if (await enterSandbox(import.meta.filename, { alsoAsUser: true, timeoutSeconds: 240 })) {
  test(
    "pods that Istio's agent captured and handed over speak HBONE under a control plane that knows Istio's types alone",
    withAgents(async (t, { mesh, nodes: [one, two], agents, addPod, startProxy }) => {
      const client = addPod(one, 'client');
      const server = addPod(two, 'server');
      await agents[0].setPods({ [client.uid]: client.cached });
      await agents[1].setPods({});
      const rules = () => [client, server].map(({ pod }) => pod.netns.run('iptables-save'));
      const before = rules().map(withoutCounters);
      const proxies = [await startProxy(one), await startProxy(two)];
      await Promise.all(proxies.map((proxy) => proxy.ready));
      t.same(
        agents[0].events.filter(({ event }) => event === 'hello').map(({ hex }) => hex),
        ['0801'],
      );
      const snapshot = () => agents[0].events.find(({ event }) => event === 'snapshot');
      await mesh.until('the agent has its answers', () => snapshot() !== undefined);
      t.same(snapshot()?.errors, {});
      t.equal(await agents[1].add(server.uid, server.cached), '', 'a pod that comes later');

      const echo = await servePod(server.pod, 8080, (socket) => socket.pipe(socket));
      for (const family of ['v4', 'v6'] as const) {
        const wire = tapWire(one);
        const answer = await exchange(
          client.pod,
          { address: server.pod[family], port: 8080 },
          'a readable secret',
        );
        t.same(answer, { text: 'a readable secret', how: 'end' });
        const seen = await wire.stop();
        t.ok(seen.length > 1_000, 'something crossed the wire');
        t.notOk(seen.includes('readable'), `nothing readable did (${family})`);
      }
      const inbound = mesh.journal.find(
        ({ event, details }) => event === 'closed' && details?.direction === 'inbound',
      );
      t.equal(inbound?.details?.sourceIdentity?.id, 'spiffe://cluster.local/ns/shop/sa/client');
      t.equal(inbound?.details?.sourceWorkload?.name, 'client');
      t.same(rules().map(withoutCounters), before, "the pods' rules are the agent's alone");
      await echo.close();
    }),
  );

  test(
    'a pod that is taken away is drained at once, and a kept one goes on through breaks and another agent',
    withAgents(async (t, { mesh, nodes: [one, two], agents, addPod, startProxy }) => {
      const client = addPod(one, 'client');
      const server = addPod(two, 'server');
      const other = addPod(two, 'other');
      await agents[0].setPods({ [client.uid]: client.cached });
      await agents[1].setPods({ [server.uid]: server.cached, [other.uid]: other.cached });
      const [, proxy] = [await startProxy(one), await startProxy(two)];
      await Promise.all(mesh.proxies.map(({ ready }) => ready));
      const target = { address: server.pod.v4, port: 8080 };
      const echo = await servePod(server.pod, 8080, (socket) => socket.pipe(socket));
      const held = await dialFrom(client.pod, target.address, target.port);
      const heldAnswer = readAll(held);
      held.write('from before, ');

      const greetings = () => agents[1].events.filter(({ event }) => event === 'snapshot').length;
      const ask = () => exchange(client.pod, target, 'still there?');
      const there = { text: 'still there?', how: 'end' };
      await agents[1].breakConnections();
      t.same(await ask(), there, 'while there is no agent');
      await mesh.until('another connection', () => greetings() === 2);
      t.same(await ask(), there);
      t.equal(proxy.pods().length, 2);
      // The agent has lost the namespace of one pod and forgotten another.
      await agents[1].setPods({ [server.uid]: { ...server.cached, netns: null } });
      await agents[1].restart();
      await mesh.until('a third', () => greetings() === 3);
      t.same(await ask(), there, 'a kept pod stays');
      await mesh.until('the forgotten one is gone', () => proxy.pods().length === 1);
      t.same(
        proxy.pods().map(({ pod }) => pod.name),
        ['server'],
      );
      held.end('and at the end');
      t.same(await heldAnswer, { text: 'from before, and at the end', how: 'end' });

      t.same(await agents[1].del(server.uid), ['']);
      t.same(await agents[1].del(server.uid), [''], 'who is gone may be taken away again');
      await mesh.until('nobody is left', () => proxy.pods().length === 0);
      t.equal(
        (await exchange(client.pod, target, 'anybody?')).how,
        'reset',
        'fails closed: its rules are still there',
      );
      await echo.close();
    }),
  );

  test(
    'a pod whose sandbox was made anew has a new proxy, and the same one again changes nothing',
    withAgents(async (t, { mesh, nodes: [one, two], agents, addPod, startProxy }) => {
      const client = addPod(one, 'client');
      const server = addPod(two, 'server');
      await agents[0].setPods({ [client.uid]: client.cached });
      await Promise.all([startProxy(one), startProxy(two)]);
      await Promise.all(mesh.proxies.map(({ ready }) => ready));
      const [, proxy] = mesh.proxies;
      t.equal(await agents[1].add(server.uid, server.cached), '');
      const [first] = proxy?.pods() ?? [];
      t.equal(await agents[1].add(server.uid, server.cached), '');
      t.equal(proxy?.pods().length, 1);
      t.equal(proxy?.pods()[0]?.pod, first?.pod);

      const anew = addPod(two, 'server-anew');
      mesh.controller.setWorkload({ ...server.workload, addresses: anew.workload.addresses });
      const cached = { ...server.cached, netns: anew.cached.netns };
      t.equal(await agents[1].add(server.uid, cached), '');
      await mesh.until('only one is left', () => proxy?.pods().length === 1);
      const echo = await servePod(anew.pod, 8080, (socket) => socket.pipe(socket));
      t.same(await exchange(client.pod, { address: anew.pod.v4, port: 8080 }, 'hello'), {
        text: 'hello',
        how: 'end',
      });
      await echo.close();
    }),
  );

  test(
    'a connection waits for its workload, and for one of its own service account',
    withAgents(async (t, { mesh, nodes: [one, two], agents, addPod, startProxy }) => {
      const client = addPod(one, 'client');
      const server = addPod(two, 'server');
      // A StatefulSet's pod that was there before, under the same name.
      mesh.controller.setWorkload({ ...client.workload, serviceAccount: 'before' });
      await agents[0].setPods({ [client.uid]: client.cached });
      await agents[1].setPods({ [server.uid]: server.cached });
      await Promise.all([startProxy(one), startProxy(two)]);
      await Promise.all(mesh.proxies.map(({ ready }) => ready));
      const echo = await servePod(server.pod, 8080, (socket) => socket.pipe(socket));
      const answer = exchange(client.pod, { address: server.pod.v4, port: 8080 }, 'patience');
      await new Promise((resolve) => setTimeout(resolve, 500));
      t.same(mesh.journal, [], 'nothing has been decided');
      mesh.controller.setWorkload(client.workload);
      t.same(await answer, { text: 'patience', how: 'end' });
      await echo.close();
    }),
  );
}

function withoutCounters(rules: string): string {
  return rules.replaceAll(/^#.*$/gm, '').replaceAll(/\[\d+:\d+\]/g, '');
}
