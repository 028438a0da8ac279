import { closeSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { openListener, openNamespace } from '../../src/net/index.ts';
import { policyOf } from '../model/mesh-fixtures.ts';
import { needsConformanceData } from '../support/conformance.ts';
import { enterSandbox } from '../support/netns.ts';
import {
  type CachedPod,
  captureAsIstio,
  type CniAgent,
  releaseAsIstio,
  startCniAgent,
} from './agent/support/cni-agent.ts';
import { startLoad } from './support/load.ts';
import { exchange, servePod } from './support/programs.ts';
import { startTestController, type TestController } from './support/test-controller.ts';
import { createTwoNodes, type TwoNodes } from './support/two-nodes.ts';

type AddedPod = ReturnType<TwoNodes['addPod']>;

/** A pod of another mesh: an agent has captured it and handed it over to a ztunnel under that mesh's control plane. */
const THEIRS = '00000000-0000-4000-8000-000000000001';
const PORT = 8080;

if (await enterSandbox(import.meta.filename, { timeoutSeconds: 300 })) {
  const needsData = needsConformanceData();

  test(
    'pods of one node in two meshes that do not trust each other speak plaintext, as far as STRICT allows it',
    needsData,
    withBothMeshes('own roots', async (t, { mesh, ours, theirs }) => {
      await mesh.enrol(ours);
      t.match(rulesOf(ours), /NODEMESH_OUTPUT/);
      t.notMatch(rulesOf(ours), /ISTIO_/);
      t.notMatch(rulesOf(theirs), /NODEMESH_/);
      t.same(await ask(ours, theirs), { text: 'hello', how: 'end' });
      t.same(await ask(theirs, ours), { text: 'hello', how: 'end' });
      t.same(identitiesSeen(mesh), ['none', 'none'], 'neither knows who the other is');

      const strict = policyOf({ name: 'strict' }, { notPrincipals: [{ kind: 'presence' }] });
      await mesh.controller.acknowledged(mesh.controller.setPolicy(strict));
      t.same(await ask(theirs, ours), { text: '', how: 'reset' });
      t.ok(mesh.journal.some(({ end }) => /shop\/strict.*no identity/.test(end?.error?.message ?? '')));
      mesh.controller.setWorkload({ ...theirs.workload, tunnelProtocol: 'hbone' });
      await mesh.until(
        'the tunnel is known',
        () => mesh.proxies.at(-1)?.view.workload(theirs.workload.uid)?.tunnelProtocol === 'hbone',
      );
      t.equal((await ask(ours, theirs)).how, 'reset', 'HBONE opens nothing where roots are not shared');
    }),
  );

  test(
    'where both meshes have the same roots, each end knows the other by its certificate',
    needsData,
    withBothMeshes('same roots', async (t, { mesh, ours, theirs }) => {
      await mesh.enrol(ours);
      await mesh.controller.acknowledged(
        mesh.controller.setWorkload({ ...theirs.workload, tunnelProtocol: 'hbone' }),
      );
      t.same(await ask(ours, theirs), { text: 'hello', how: 'end' });
      t.same(await ask(theirs, ours), { text: 'hello', how: 'end' });
      const strict = policyOf({ name: 'strict' }, { notPrincipals: [{ kind: 'presence' }] });
      await mesh.controller.acknowledged(mesh.controller.setPolicy(strict));
      t.same(await ask(theirs, ours), { text: 'hello', how: 'end' });
      t.same(
        [...new Set(identitiesSeen(mesh))].sort(),
        ['ours', 'theirs'].map((name) => `spiffe://cluster.local/ns/shop/sa/${name}`),
      );
      await mesh.unenrol(ours);
      t.notMatch(rulesOf(ours), /NODEMESH_/);
    }),
  );

  for (const sideBySide of [true, false])
    test(
      `a pod that Istio has captured is refused and left alone, ${sideBySide ? 'side by side' : 'without the flag'}`,
      needsData,
      withBothMeshes(
        'own roots',
        async (t, { mesh, ours, theirs }) => {
          const before = rulesOf(theirs);
          mesh.enrolNow(theirs);
          const ofTheirs = () => mesh.controller.reports.filter(({ uid }) => uid === theirs.workload.uid);
          await mesh.until('refused', () => ofTheirs().some(({ state }) => state === 'failed'));
          t.match(ofTheirs().at(-1)?.error, /captured by another mesh.* rules of Istio/);
          t.equal(rulesOf(theirs), before);
          await mesh.unenrol(theirs);
          t.equal(rulesOf(theirs), before, 'what is not ours is not ours to take away either');
          await mesh.enrol(ours);
          t.same(await ask(ours, theirs), { text: 'hello', how: 'end' }, 'it still is in its mesh');
        },
        { sideBySide },
      ),
    );

  test(
    'a pod in which somebody would share our ports is captured once he is gone',
    needsData,
    withBothMeshes('own roots', async (t, { mesh, ours, theirs }) => {
      const namespace = openNamespace(`/run/netns/${ours.pod.name}`);
      const descriptor = openListener(namespace, { address: '0.0.0.0', port: 15006, reusePort: true });
      namespace.close();
      mesh.enrolNow(ours);
      const failure = () => mesh.controller.reports.find(({ state }) => state === 'failed')?.error;
      await mesh.until('refused', () => failure() !== undefined);
      t.match(failure(), /somebody else listens on port 15006/);
      t.notMatch(rulesOf(ours), /NODEMESH/);
      closeSync(descriptor);
      await mesh.enrol(ours);
      t.same(await ask(theirs, ours), { text: 'hello', how: 'end' });
    }),
  );

  test(
    'a pod that Istio lets go of is captured once its agent has said so, and no connection fails from then on',
    needsData,
    withBothMeshes('own roots', async (t, { mesh, theirs, ours, agent }) => {
      mesh.enrolNow(theirs, { heldBy: 'Istio has captured it' });
      await mesh.until('refused', () => mesh.controller.reports.some(({ state }) => state === 'failed'));
      t.match(
        mesh.controller.reports.at(-1)?.error,
        'Istio has captured it',
        'who says so, beside the rules',
      );
      // In the order of Istio's agent: the rules first, then its ztunnel is told, at last the annotation goes.
      releaseAsIstio(theirs.pod);
      const load = startLoad(ours.pod, { address: theirs.pod.v4, port: PORT });
      await new Promise((resolve) => setTimeout(resolve, 300));
      t.notMatch(rulesOf(theirs), /NODEMESH/, 'without rules it still is not ours');
      await agent.del(THEIRS);
      await mesh.enrol(theirs);
      mesh.enrolNow(theirs, { heldBy: 'somebody has annotated it' });
      await new Promise((resolve) => setTimeout(resolve, 300));
      const { asked, failures } = await load.stop();
      t.same(failures, [], `${asked} asked`);
      t.match(rulesOf(theirs), /NODEMESH_PRERT/);
      t.same(await ask(theirs, ours), { text: 'hello', how: 'end' });
    }),
  );

  test(
    'a ztunnel that is started with another setting goes on with its pods under the names that they have',
    needsData,
    withBothMeshes(
      'own roots',
      async (t, { mesh, ours, theirs, restart }) => {
        await mesh.enrol(ours);
        await restart({ sideBySide: true });
        await mesh.until('taken on', () => mesh.proxies.at(-1)?.pods()[0]?.state.kind === 'captured');
        t.match(rulesOf(ours), /ISTIO_OUTPUT/);
        t.notMatch(rulesOf(ours), /NODEMESH_OUTPUT/);
        t.same(await ask(ours, theirs), { text: 'hello', how: 'end' });
        await mesh.unenrol(ours);
        t.equal(rulesOf(ours), '');
        mesh.enrolNow(ours);
        await mesh.until(
          'joined anew, under the other names',
          () => /NODEMESH_OUTPUT/.test(rulesOf(ours)),
          20_000,
        );
      },
      { sideBySide: false },
    ),
  );
}

interface BothMeshes {
  readonly mesh: TwoNodes;
  readonly agent: CniAgent;
  /** Known to both control planes, not enrolled. */
  readonly ours: AddedPod;
  /** Captured by the agent and served by its ztunnel. */
  readonly theirs: AddedPod;
  /** Ends our ztunnel as a signal would, and starts another. */
  restart(over: { readonly sideBySide: boolean }): Promise<void>;
}

/** One node, on which our ztunnel and another mesh's serve a pod each; both answer what they are told. */
function withBothMeshes(
  trust: 'own roots' | 'same roots',
  work: (t: Test, world: BothMeshes) => Promise<void>,
  { sideBySide }: { readonly sideBySide: boolean } = { sideBySide: true },
): (t: Test) => Promise<void> {
  return async (t) => {
    const mesh = await createTwoNodes({ stateFile: '' });
    const [node] = mesh.topology.nodes;
    const other = trust === 'own roots' ? await startTestController({ istioTypesOnly: true }) : undefined;
    const socket = join(mesh.controller.directory, 'agent.sock');
    const agent = await startCniAgent(socket);
    try {
      const ours = mesh.addPod(node, 'ours');
      const theirs = mesh.addPod(node, 'theirs');
      captureAsIstio(theirs.pod);
      const cached: CachedPod = {
        name: 'theirs',
        namespace: 'shop',
        account: 'theirs',
        netns: `/run/netns/${theirs.pod.name}`,
      };
      await agent.setPods({ [THEIRS]: cached });
      if (other !== undefined) for (const { workload } of [ours, theirs]) other.setWorkload(workload);
      await mesh.startProxy(node, { zdsSocket: socket, ...controlPlaneOf(other, node.name) });
      const start = (over: { readonly sideBySide: boolean }) => mesh.startProxy(node, over);
      let own = await start({ sideBySide });
      await Promise.all(mesh.proxies.map(({ ready }) => ready));
      const echoes = await Promise.all(
        [ours, theirs].map(({ pod }) => servePod(pod, PORT, (stream) => stream.pipe(stream))),
      );
      await work(t, {
        mesh,
        agent,
        ours,
        theirs,
        async restart(over) {
          await own.close();
          own = await start(over);
        },
      });
      await Promise.all(echoes.map((echo) => echo.close()));
    } finally {
      await agent.close();
      await mesh.close();
      await other?.close();
    }
  };
}

/** Nothing, where both meshes have one. */
function controlPlaneOf(
  controller: TestController | undefined,
  node: string,
): Parameters<TwoNodes['startProxy']>[1] {
  if (controller === undefined) return {};
  const tokenFile = join(controller.directory, 'token');
  writeFileSync(tokenFile, node);
  return {
    controller: `127.0.0.1:${controller.port}`,
    rootCertFile: join(controller.directory, 'root.pem'),
    tokenFile,
  };
}

function ask(from: AddedPod, to: AddedPod): ReturnType<typeof exchange> {
  return exchange(from.pod, { address: to.pod.v4, port: PORT }, 'hello');
}

/** Of each inbound connection that was let in, in order. */
function identitiesSeen(mesh: TwoNodes): readonly string[] {
  return mesh.journal
    .filter(({ event, details }) => event === 'opened' && details?.direction === 'inbound')
    .map(({ details }) => details?.sourceIdentity?.id ?? 'none');
}

function rulesOf({ pod }: AddedPod): string {
  return pod.netns
    .run('iptables-save')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\[\d+:\d+\]/g, '');
}
