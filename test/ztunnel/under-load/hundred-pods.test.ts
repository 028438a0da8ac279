import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { type Test, test } from 'tap';
import type { Workload } from '../../../src/model/index.ts';
import { connectTcp } from '../../../src/net/index.ts';
import { policyOf } from '../../model/mesh-fixtures.ts';
import { endProcess, enterSandbox } from '../../support/netns.ts';
import { startLoad } from '../support/load.ts';
import { cgroupPaths, openTestCgroups, type TestCgroups } from '../support/pod-cgroups.ts';
import { exchange, readAll, servePod } from '../support/programs.ts';
import type { TestPod } from '../support/topology.ts';
import { createTwoNodes } from '../support/two-nodes.ts';
import { startZtunnel } from '../support/ztunnel-process.ts';

const PODS = 100;
/** So many of them talk, to one another and to and from outside. */
const TALKING = 12;
const PORT = 8080;

if (await enterSandbox(import.meta.filename, { timeoutSeconds: 180 })) {
  const [cgroups, ...others] = openTestCgroups();
  for (const other of others) other.close();
  if (cgroups === undefined)
    test(
      'a hundred pods',
      { skip: 'SKIPPED, NOT PASSED: no cgroups can be made on this machine' },
      async () => undefined,
    );
  else
    test('a hundred running pods are labelled: all are captured, found by their processes, and no request fails', (t) =>
      joinTogether(t, cgroups));
}

async function joinTogether(t: Test, cgroups: TestCgroups): Promise<void> {
  const mesh = await createTwoNodes();
  const children: ChildProcess[] = [];
  try {
    const [one, two] = mesh.topology.nodes;
    const outside = mesh.addPod(one, 'outside');
    const pods = Array.from({ length: PODS }, (_, index) => {
      const added = mesh.addPod(two, `pod-${index}`, { serviceAccount: `app-${index % 10}` });
      const kubernetesUid = randomUUID();
      const pause = added.pod.netns.start('sleep', '600');
      children.push(pause);
      const paths = cgroupPaths(kubernetesUid);
      cgroups.put(pause.pid ?? 0, paths[index % paths.length] ?? '');
      return { ...added, kubernetesUid };
    });
    const ztunnel = startZtunnel(mesh.controller, {
      node: two.name,
      adminPort: 15_100,
      flags: ['--host-proc', '/proc', '--host-network-namespace', `/run/netns/${two.name}`],
    });
    await ztunnel.ready;
    const talking = pods.slice(0, TALKING);
    const servers = await Promise.all(
      [outside, ...talking].map(({ pod }) => servePod(pod, PORT, (socket) => void socket.pipe(socket))),
    );
    const at = ({ pod }: { readonly pod: TestPod }) => ({ address: pod.v4, port: PORT });
    const loads = talking.flatMap((from, index) => {
      const to = talking[(index + 1) % TALKING] ?? from;
      return [
        startLoad(from.pod, at(to), 10),
        startLoad(outside.pod, at(from), 5),
        startLoad(from.pod, at(outside), 5),
      ];
    });
    await new Promise((resolve) => setTimeout(resolve, 1_000));

    const startedMs = performance.now();
    for (const { pod, workload, kubernetesUid } of pods)
      mesh.enrolNow({ pod, workload }, { kubernetesUid, netns: '' });
    const isCaptured = ({ workload }: { readonly workload: Workload }): boolean =>
      mesh.controller.reports.some(({ uid, state }) => uid === workload.uid && state === 'captured');
    await mesh.until('all captured', () => pods.every(isCaptured), 60_000);
    t.comment(`${PODS} pods captured ${(performance.now() - startedMs).toFixed(0)} ms after the label`);

    await new Promise((resolve) => setTimeout(resolve, 500));
    const results = await Promise.all(loads.map((load) => load.stop()));
    t.comment(`${results.reduce((sum, { asked }) => sum + asked, 0)} requests`);
    t.same(
      results.flatMap(({ failures }) => failures),
      [],
    );

    mesh.controller.setPolicy(policyOf({ name: 'strict' }, { notPrincipals: [{ kind: 'presence' }] }));
    const [first] = talking;
    if (first === undefined) throw new Error('nobody talks');
    const refused = async (): Promise<boolean> =>
      (await exchange(outside.pod, at(first), 'plaintext')).how === 'reset';
    while (!(await refused())) await new Promise((resolve) => setTimeout(resolve, 50));
    const probe = await connectTcp({
      namespace: two.netns.namespace,
      ...at(first),
      address: first.workload.addresses[0] ?? ('' as never),
      timeoutMs: 5_000,
    });
    probe.end('are you well?');
    t.same(
      await readAll(probe),
      { text: 'are you well?', how: 'end' },
      'a probe of the node reaches a STRICT pod',
    );
    t.ok(await refused(), 'and nobody else does in plaintext');

    await Promise.all(servers.map((server) => server.close()));
    await ztunnel.kill();
  } finally {
    await Promise.all(children.map(endProcess));
    await mesh.close();
    cgroups.close();
  }
}
