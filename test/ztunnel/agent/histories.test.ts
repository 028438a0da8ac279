import fc from 'fast-check';
import { test } from 'tap';
import { enterSandbox } from '../../support/netns.ts';
import { openDescriptors, withAgents } from './support/agent-mesh.ts';

if (await enterSandbox(import.meta.filename, { timeoutSeconds: 240 })) {
  test(
    'whatever an agent does with its pods, those are served that it has told of last, and nothing is left of others',
    withAgents(async (t, { mesh, nodes: [one], agents: [agent], addPod, startProxy }) => {
      const pods = ['a', 'b', 'c'].map((name) => addPod(one, name));
      /** What the agent has in its cache; null: without a namespace. */
      const cache = new Map<string, string | null>();
      const served = new Set<string>();
      const proxy = await startProxy(one);
      await proxy.ready;
      const namesOf = (uids: Iterable<string>) =>
        pods.filter(({ uid }) => new Set(uids).has(uid)).map(({ cached }) => cached.name);
      const snapshots = () => agent.events.filter(({ event }) => event === 'snapshot').length;
      const tellCache = () =>
        agent.setPods(
          Object.fromEntries(
            pods
              .filter(({ uid }) => cache.has(uid))
              .map(({ uid, cached }) => [uid, { ...cached, netns: cache.get(uid) ?? null }]),
          ),
        );
      const reconnect = async (how: () => Promise<void>) => {
        const before = snapshots();
        await how();
        await mesh.until('another snapshot', () => snapshots() > before, 20_000);
        for (const uid of [...served]) if (!cache.has(uid)) served.delete(uid);
        for (const [uid, netns] of cache) if (netns !== null) served.add(uid);
      };
      const steps = {
        async add(index: number) {
          const pod = pods[index];
          if (pod === undefined) return;
          cache.set(pod.uid, pod.cached.netns);
          served.add(pod.uid);
          t.equal(await agent.add(pod.uid, pod.cached), '');
        },
        async del(index: number) {
          const uid = pods[index]?.uid ?? '';
          cache.delete(uid);
          served.delete(uid);
          t.same(await agent.del(uid), ['']);
        },
        async lose(index: number) {
          const uid = pods[index]?.uid ?? '';
          if (cache.has(uid)) cache.set(uid, null);
          await tellCache();
        },
        async forget(index: number) {
          cache.delete(pods[index]?.uid ?? '');
          await tellCache();
        },
        breakOff: () => reconnect(agent.breakConnections),
        restart: () => reconnect(agent.restart),
      };
      const step = fc.tuple(
        fc.constantFrom('add', 'add', 'del', 'lose', 'forget', 'breakOff', 'restart'),
        fc.nat(pods.length - 1),
      );
      const gone = () => mesh.until('nobody is left', () => proxy.pods().length === 0);
      // What is opened once and stays: the way to the authority, the handle of the proxy's own namespace.
      await steps.add(0);
      await steps.del(0);
      await gone();
      const before = openDescriptors();
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 10 }), async (history) => {
          for (const [what, index] of history) {
            await steps[what](index);
            const expected = namesOf(served).join();
            await mesh.until(`${what} ${index} of ${JSON.stringify(history)}: ${expected}`, () => {
              const now = proxy.pods();
              const captured = now.every(({ state }) => state.kind === 'captured');
              return (
                captured &&
                now
                  .map(({ pod }) => pod.name)
                  .sort()
                  .join() === expected
              );
            });
          }
        }),
        { numRuns: 6, endOnFailure: true },
      );
      for (const index of pods.keys()) await steps.del(index);
      await gone();
      await mesh.until('nothing is left open', () => openDescriptors() <= before);
      t.pass('no descriptor is left');
    }),
  );
}
