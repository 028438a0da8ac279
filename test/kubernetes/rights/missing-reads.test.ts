import { type Test, test } from 'tap';
import { createKubernetesApi, type KubernetesApi } from '../../../src/controller/kubernetes/index.ts';
import { READ_KINDS, readKind } from '../../../src/controller/sources/kubernetes/kind-table.ts';
import { createKubernetesSource, type SourceProblem } from '../../../src/controller/sources/index.ts';
import { openControllerRoles } from '../support/controller-roles.ts';
import { installMesh, kubeconfigWith, SYSTEM, tokenOf } from '../support/installed-mesh.ts';
import { eventually, kubectlOf } from '../support/kubectl.ts';
import { needsOwnCluster, startOwnCluster } from '../support/own-cluster.ts';

test(
  'each right to read that is missing is named, and what it means; when it is given nothing has to be restarted',
  needsOwnCluster(),
  async (t) => {
    const { kubeconfig } = await startOwnCluster(t);
    const kubectl = kubectlOf(kubeconfig);
    await installMesh(kubectl);
    const roles = await openControllerRoles(kubectl);
    const token = await tokenOf(kubectl, { namespace: SYSTEM, account: 'nodemesh-controller' });
    const file = await kubeconfigWith(kubectl, t.testdir({}), token);
    const api = createKubernetesApi({ access: { kind: 'kubeconfig', file } });
    t.teardown(() => api.close());

    for (const kind of READ_KINDS) {
      const [{ plural, group } = { plural: '', group: '' }] = readKind(kind).resources;
      for (const verb of ['list', 'watch']) {
        await roles.take(`${verb} ${plural}.${group}`);
        const source = openSource(t, api);
        const named = new RegExp(
          `^not allowed: ${verb} ${plural}[\\s\\S]*; add to the ClusterRole: \\{apiGroups: \\["${group}"\\], resources: \\["${plural}"\\]`,
        );
        await eventually(`${verb} ${plural} is said`, () => source.problems().length > 0);
        t.match(
          source.problems(),
          [{ severity: 'error', message: named }],
          `${verb} ${plural}: named, and nothing else`,
        );
        const effect = source.problems()[0]?.message ?? '';
        if (verb === 'watch') {
          t.match(effect, /listed twice a minute instead/);
          await eventually('it starts', source.hasStarted);
        } else if (readKind(kind).essential) {
          t.match(effect, /nobody is served until they are known/);
          t.notOk(source.hasStarted(), `without ${kind} nobody is served`);
        } else {
          t.match(effect, /the mesh goes without/);
          await eventually('it starts', source.hasStarted);
        }
        await eventually('it is told', source.isTold);
        const told = source.told();
        await pause(1_000);
        t.equal(source.told(), told, 'nothing is said again');
        await roles.giveBack();
        await eventually('it starts', source.hasStarted);
        await eventually('nothing is wrong any more', () => source.problems().length === 0);
        await source.close();
      }
    }
  },
);

test('what may not be watched is not missed: it is listed again', needsOwnCluster(), async (t) => {
  const { kubeconfig } = await startOwnCluster(t);
  const kubectl = kubectlOf(kubeconfig);
  await installMesh(kubectl);
  const roles = await openControllerRoles(kubectl);
  const token = await tokenOf(kubectl, { namespace: SYSTEM, account: 'nodemesh-controller' });
  const api = createKubernetesApi({
    access: { kind: 'kubeconfig', file: await kubeconfigWith(kubectl, t.testdir({}), token) },
  });
  t.teardown(() => api.close());
  await roles.take('watch authorizationpolicies.security.istio.io');
  const source = openSource(t, api);
  await eventually('it starts', source.hasStarted);
  const policy = {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { namespace: 'default', name: 'deny-all' },
    spec: {},
  };
  await kubectl.must(['apply', '-f', '-'], JSON.stringify(policy));
  await eventually('a policy that is made then arrives', () => source.seen.includes('default/deny-all'));
  t.match(source.problems(), [{ message: /listed twice a minute instead/ }], 'and something is still wrong');
});

/** With retries in a moment instead of half a minute. */
function openSource(t: Test, api: KubernetesApi) {
  const settings = { forbiddenRetryMs: 300, retryMs: { initial: 100, maximum: 500 } };
  const source = createKubernetesSource({ api, settings });
  t.teardown(() => source.close());
  let started = false;
  const told: string[] = [];
  const seen: string[] = [];
  source.problemChanges.subscribe((problems) => {
    const text = JSON.stringify(errors(problems));
    if (text !== told.at(-1)) told.push(text);
  });
  source.events.subscribe((events) => {
    for (const event of events)
      if (event.type === 'upsert') seen.push(`${event.object.meta.namespace}/${event.object.meta.name}`);
  });
  source.start().then(
    () => {
      started = true;
    },
    // It is closed before it has started where a test fails.
    () => undefined,
  );
  /** Notices are about kinds that are not installed. */
  const errors = (problems: readonly SourceProblem[]) =>
    problems.filter(({ severity }) => severity === 'error');
  return {
    problems: () => errors(source.problems()),
    told: () => told.length,
    isTold: () => told.at(-1) === JSON.stringify(errors(source.problems())),
    hasStarted: () => started,
    seen,
    close: () => source.close(),
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
