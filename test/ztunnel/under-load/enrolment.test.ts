import { type Test, test } from 'tap';
import { policyOf } from '../../model/mesh-fixtures.ts';
import { enterSandbox } from '../../support/netns.ts';
import { startLoad } from '../support/load.ts';
import { dialFrom, readAll, servePod } from '../support/programs.ts';
import type { TestPod } from '../support/topology.ts';
import { createTwoNodes } from '../support/two-nodes.ts';
import { DEFAULT_MODES } from '../support/pod-of.ts';

const settle = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

if (await enterSandbox(import.meta.filename, { timeoutSeconds: 240 })) {
  test('pods join and leave while others call them, inside and outside the mesh: nothing fails', (t) =>
    joinAndLeave(t, { strict: false }));
  test('the same with callers in the mesh while only mutual TLS is allowed', (t) =>
    joinAndLeave(t, { strict: true }));
  test('connections older than the enrolment are reset where the pod asks for that', async (t) => {
    const mesh = await createTwoNodes();
    try {
      const [one, two] = mesh.topology.nodes;
      const outside = mesh.addPod(one, 'outside');
      const joining = mesh.addPod(two, 'joining');
      await mesh.startProxy(two);
      const server = await servePod(joining.pod, 8080, (socket) => void socket.pipe(socket));
      const held = await dialFrom(outside.pod, joining.pod.v4, 8080);
      const answer = readAll(held);
      held.write('held');
      await mesh.until('echo', () => held.bytesRead === 4);
      await mesh.enrol(joining, { modes: { ...DEFAULT_MODES, existingConnections: 'reset' } });
      t.same(await answer, { text: 'held', how: 'reset' });
      await server.close();
    } finally {
      await mesh.close();
    }
  });
}

async function joinAndLeave(t: Test, { strict }: { readonly strict: boolean }): Promise<void> {
  const mesh = await createTwoNodes();
  try {
    const [one, two] = mesh.topology.nodes;
    const caller = mesh.addPod(one, 'caller');
    const outside = mesh.addPod(one, 'outside');
    const joining = mesh.addPod(two, 'joining');
    await mesh.startProxy(one);
    await mesh.startProxy(two);
    await mesh.enrol(caller);
    if (strict)
      mesh.controller.setPolicy(policyOf({ name: 'strict' }, { notPrincipals: [{ kind: 'presence' }] }));
    const echo = (pod: TestPod) => servePod(pod, 8080, (socket) => void socket.pipe(socket));
    const servers = await Promise.all([echo(joining.pod), echo(caller.pod), echo(outside.pod)]);
    const to = (pod: TestPod) => ({ address: pod.v4, port: 8080 });

    const held = await dialFrom(outside.pod, joining.pod.v4, 8080);
    const heldAnswer = readAll(held);
    held.write('held ');
    const loads = [
      startLoad(caller.pod, to(joining.pod)),
      startLoad(joining.pod, to(outside.pod)),
      ...(strict ? [] : [startLoad(outside.pod, to(joining.pod)), startLoad(joining.pod, to(caller.pod))]),
    ];
    await settle(500);
    await mesh.enrol(joining);
    const [, proxy] = mesh.proxies;
    if (proxy !== undefined) {
      const [entry] = proxy.pods();
      t.equal(
        entry?.older.some(({ remote }) => remote.startsWith(`${outside.pod.v4}:`)),
        true,
        'older ones are listed',
      );
    }
    await settle(2_000);
    const tunnelled = await dialFrom(caller.pod, joining.pod.v4, 8080);
    const tunnelledAnswer = readAll(tunnelled);
    tunnelled.write('tunnelled ');
    await settle(500);
    mesh.controller.unenrol(joining.workload.uid);
    await settle(3_000);
    const results = await Promise.all(loads.map((load) => load.stop()));
    t.comment(results.map(({ asked }) => asked).join(' + '), 'connections');
    for (const { asked, failures } of results) {
      t.ok(asked > 100);
      t.same(failures, []);
    }
    held.end('on');
    t.same(await heldAnswer, { text: 'held on', how: 'end' }, 'older than the enrolment, and alive');
    tunnelled.end('still');
    t.same(await tunnelledAnswer, { text: 'tunnelled still', how: 'end' }, 'outlives the enrolment');
    await mesh.until(
      'released',
      () => mesh.controller.reports.some(({ state }) => state === 'released'),
      10_000,
    );
    await Promise.all(servers.map((server) => server.close()));
  } finally {
    await mesh.close();
  }
}
